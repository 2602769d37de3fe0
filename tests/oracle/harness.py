"""CPython's side of the oracle: runs generated asyncio programs in virtual time and logs them.

The programs use CPython's own C tasks, futures, timers and primitives. What is put around them:

* The loop is BaseEventLoop on a virtual clock. Timers of one instant fire in the order in which they
  were made (asyncio leaves that order open, Ambit does not). With a seed, the next ready entry is
  picked at random: one of the orders that a scheduler may take.
* TaskGroup keeps its tasks in a dict and not a set, whose order is that of addresses. It throws the
  error that came first, not an ExceptionGroup.
* Instruments notice when a program touches one of the places in which Ambit differs on purpose
  (`note`). They change nothing.
* In a run with `rules`, Ambit's rule holds in place of CPython's in some of those places. So a
  program that touches them is compared all the same.
"""
import asyncio, collections.abc, contextlib, contextvars, heapq, itertools, json, logging, random, sys, warnings
from asyncio import base_events, events, locks, taskgroups, tasks, timeouts

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
sys.unraisablehook = lambda unraisable: None

LONGEST_LOG = 2000
MOST_STEPS = 20000


class Deadlock(BaseException):
    """Nothing is ready and no timer is pending."""


class TooLong(BaseException):
    """The program does not end."""


class E1(Exception):
    pass


class E2(Exception):
    pass


class Timer(events.TimerHandle):
    """A timer that keeps its place among those of the same instant."""

    made = 0

    def __init__(self, *args):
        super().__init__(*args)
        Timer.made += 1
        self.order = Timer.made

    def __lt__(self, other):
        return (self._when, self.order) < (other._when, other.order)


class Shuffled(collections.deque):
    """A ready queue that is served at random, or newest first."""

    def __init__(self, seed):
        super().__init__()
        self.random = None if seed == 0 else random.Random(seed)

    def popleft(self):
        if self.random is None:
            return self.pop()
        place = self.random.randrange(len(self))
        self.rotate(-place)
        handle = super().popleft()
        self.rotate(place)
        return handle


class VirtualLoop(base_events.BaseEventLoop):
    def __init__(self, seed):
        super().__init__()
        self.now = 0
        self.steps = 0
        self._selector = self
        if seed is not None:
            self._ready = Shuffled(seed)
        self.set_task_factory(lambda loop, coro, **how: ObservedTask(coro, loop=loop, **how))
        self.set_exception_handler(lambda loop, context: self.report(context))

    def report(self, context):
        if context['message'].startswith('Exception in callback'):
            run.log('callback', 0, context['exception'])

    def time(self):
        return self.now

    def call_at(self, when, callback, *args, context=None):
        timer = Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer

    def select(self, timeout):
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooLong
        if timeout is None:
            raise Deadlock
        if timeout > 0:
            self.now = self._scheduled[0]._when
        return []

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass


class Observed(collections.abc.Coroutine):
    """A task's coroutine. With `rules`, it turns a cancel that came too late into one that is
    delivered at the next suspension."""

    def __init__(self, coro):
        self.coro = coro
        self.task = None
        #: The messages of the cancels that the next suspensions take, one each, by how many of the task's scopes they
        #: are not meant for: the outermost is taken first.
        self.armed = {}
        self.interrupting = False
        #: A cancel was taken by what it waits for.
        self.throwing = False
        self.in_bare_yield = False
        self.running = False

    def send(self, value):
        if not self.armed or not self.interrupting:
            return self.step(self.coro.send, value)
        return self.step(self.coro.throw, cancelled_with(self.take()))

    def throw(self, *exc):
        late, self.task.late = self.task.late, {}
        if not late:
            if self.armed and self.interrupting:
                self.take()
            return self.step(self.coro.throw, *exc)
        self.armed.update(late)
        self.interrupting = False
        return self.step(self.coro.send, None)

    def take(self):
        return self.armed.pop(min(self.armed))

    def step(self, go, *args):
        self.throwing = self.in_bare_yield = False
        self.running = True
        try:
            waited_for = go(*args)
        except StopIteration:
            self.returned()
            raise
        finally:
            self.running = False
        self.in_bare_yield = waited_for is None
        if self.armed:
            self.interrupting = waited_for is None
            if waited_for is not None and waited_for.cancel(self.armed[min(self.armed)]):
                self.take()
                self.throwing = True
        elif waited_for is not None and self.task._must_cancel:
            # The task cancels it right now.
            self.throwing = True
        return waited_for

    def returned(self):
        """With a request that no suspension took, CPython calls the task cancelled."""
        if not self.task._must_cancel:
            return
        run.note('late cancel')

    def close(self):
        self.coro.close()

    def __await__(self):
        return self.coro.__await__()


def cancelled_with(message):
    return asyncio.CancelledError() if message is None else asyncio.CancelledError(message)


class ObservedTask(asyncio.Task):
    def __init__(self, coro, **how):
        #: What `armed` will be, when CPython throws what comes too late.
        self.late = {}
        self.made = next(made)
        #: A child of a group may await the task that the group is in.
        self.reaching = False
        #: The timeouts and groups that it is in, outermost first.
        self.scopes = []
        #: With `rules`, the group that the last cancel came through from around it.
        self.heard_through = None
        #: How many of them the last request, that was not a group's own, was not meant for.
        self.last_inside = 0
        #: With `rules`, the count of cancels is kept here.
        self.count = 0
        self.observed = Observed(coro)
        self.observed.task = self
        super().__init__(self.observed, **how)

    def cancel(self, msg=None, inside=0, joining=None):
        """`inside`: how many of its scopes the cancel is not meant for; `joining`: what it may
        wait for without it mattering that it is done."""
        if self.done():
            return super().cancel(msg)
        with one_cancel():
            if run.rules and inside == 0:
                if self in run.reached:
                    return True
                run.reached.add(self)
            return self.cancel_once(msg, inside, joining)

    def cancel_once(self, msg, inside, joining):
        if inside == 0:
            self.heard_through = None
        if run.rules:
            self.count += 1
            if joining is None:
                self.last_inside = inside
            if self.observed.running:
                # The request is for the next suspension; who leaves a scope before may take it.
                self.observed.armed[inside] = msg
                self.reach(inside, msg)
                return True
        waited_for, asked = self._fut_waiter, self._must_cancel
        if listeners(waited_for) > 1:
            # Under `direct`, the others hear of its end before a cancel that comes to them as well.
            run.note('cancel of what others wait for')
        if isinstance(waited_for, ObservedTask) and waited_for.waits_for(self):
            run.note('await of what waits for its end')
        if asked and self.observed.in_bare_yield:
            # Its message stands; CPython takes the last one's here, and the first one's elsewhere.
            super().cancel(self._cancel_message)
        else:
            super().cancel(msg)
        if waited_for is not None:
            if not self._must_cancel:
                self.observed.throwing = True
            elif not asked and waited_for is not joining and not self.is_thrown(waited_for):
                run.note('late cancel')
                if run.rules:
                    self.late[inside] = msg
            elif asked and self.late:
                self.late[inside] = msg
        self.reach(inside, msg)
        return True

    def waits_for(self, task):
        """The task is a child of a group in it: neither can end before the other."""
        return any(task in scope.live_tasks() for scope in self.scopes)

    def is_thrown(self, waited_for):
        """An earlier cancel is on its way: one CancelledError answers both."""
        if not self.observed.throwing or not waited_for.done():
            return False
        if waited_for.cancelled():
            return True
        return isinstance(waited_for.exception(), asyncio.CancelledError)

    def reach(self, inside, msg):
        """In Ambit a cancel reaches the tasks of the groups that it ends at once; in asyncio when
        the error has left the group's body."""
        if self.reaching:
            return
        self.reaching = True
        for scope, task in below(self.scopes[inside:]):
            run.note('cancel around a group')
            if run.rules:
                task.cancel(msg)
                task.heard_through = scope
        self.reaching = False

    def cancelling(self):
        return self.count if run.rules else super().cancelling()

    def uncancel(self):
        asked = self._must_cancel or bool(self.observed.armed)
        thrown = self.observed.in_bare_yield and asked
        if thrown and self.cancelling() == 1:
            # CPython takes the cancel back; for Ambit it has ended the wait, as for any other wait.
            run.note('uncancel of a cancelled sleep(0)')
        if not run.rules:
            return super().uncancel()
        self.count = max(0, self.count - 1)
        if self.count == 0:
            self.late.clear()
            if not thrown:
                self.observed.armed.clear()
                while super().uncancel():
                    pass
        return self.count

    def leave_scope(self, error):
        """A cancellation leaves a timeout or a group while the task is asked to stop once more: in
        Ambit it answers that request, too; asyncio throws again at the next suspension."""
        if not isinstance(error, asyncio.CancelledError):
            return error
        if not run.rules:
            if self._must_cancel:
                run.note('cancellation that answers another')
            return error
        if not self.observed.armed:
            return error
        run.note('cancellation that answers another')
        return cancelled_with(self.observed.take())

    def has_left(self, scope):
        """A scope's own request ends with it; in asyncio it stays where the count is not zero."""
        self.scopes.remove(scope)
        for asked in (self.late, self.observed.armed):
            asked.pop(len(self.scopes) + 1, None)

    def asked_for(self):
        """How many cancels the next suspensions will take."""
        return len(self.observed.armed) if run.rules else int(self._must_cancel)

    def own_cancels(self):
        """Those that were asked of the task, and not by a timeout or group in it."""
        return self.cancelling() - sum(scope.has_cancelled() for scope in self.scopes)

    def own_uncancel(self):
        if self.own_cancels() != self.cancelling():
            run.note('uncancel of a timeout or group')
        self.uncancel()
        return self.own_cancels()


made = itertools.count()


def listeners(future):
    """How many hear of the end of a future that is no task."""
    if future is None or isinstance(future, asyncio.Task) or future.done():
        return 0
    return len(future._callbacks or ())


@contextlib.contextmanager
def one_cancel():
    """In Ambit one cancel counts once, however many ways it comes to a task: through who awaits it, through its group."""
    if not run.rules or run.reached is not None:
        yield
        return
    run.reached = set()
    try:
        yield
    finally:
        run.reached = None


def below(scopes):
    """The live tasks of nested scopes, outermost first, with their scopes: the oldest first, as they hang in Ambit's
    tree, where a scope stands between the tasks that were made before it and after it."""
    if not scopes:
        return []
    scope, *inner = scopes
    mine = [(scope, task) for task in scope.live_tasks()]
    opened = inner[0].made if inner else 0
    older = [each for each in mine if each[1].made < opened]
    return [*older, *below(inner), *mine[len(older):]]


class ObservedTimeout(timeouts.Timeout):
    async def __aenter__(self):
        await super().__aenter__()
        self.made = next(made)
        # A cancel that is delivered inside is none of the timeout's for Ambit, whenever it was asked for.
        asked = self._task.asked_for()
        if asked > 0:
            run.note('cancel asked for before a timeout')
            if run.rules:
                self._cancelling -= asked
        self._task.scopes.append(self)
        return self

    async def __aexit__(self, *exc):
        task, before = self._task, self._cancelling
        try:
            await super().__aexit__(*exc)
        finally:
            task.has_left(self)
        if exc[1] is not None and task.cancelling() > before:
            error = task.leave_scope(exc[1])
            if error is not exc[1]:
                raise error from None

    def _on_timeout(self):
        task = self._task
        self._task = Canceller(task, self)
        super()._on_timeout()
        self._task = task

    def has_cancelled(self):
        return self._state is timeouts._State.EXPIRING

    def live_tasks(self):
        return []


class Canceller:
    """How a timeout or group sees its task when it cancels it: outer scopes are not meant."""

    def __init__(self, task, scope, joining=None):
        self.task, self.joining = task, joining
        self.inside = task.scopes.index(scope) + 1

    def cancel(self):
        ending = self.joining
        if run.rules and ending is not None and self.task._fut_waiter is ending and not ending.done():
            # In Ambit a group that waits for its tasks goes on waiting when one of them fails.
            self.task.count += 1
            return True
        return self.task.cancel(inside=self.inside, joining=self.joining)

    def done(self):
        return self.task.done()


def timeout(delay):
    return ObservedTimeout(None if delay is None else run.loop.now + delay)


# For wait_for.
timeouts.timeout = timeout


class OrderedTasks(dict):
    def add(self, task):
        self[task] = None

    def discard(self, task):
        self.pop(task, None)

    remove = discard


class ObservedGroup(asyncio.TaskGroup):
    def __init__(self):
        super().__init__()
        self._tasks = OrderedTasks()

    async def __aenter__(self):
        await super().__aenter__()
        self.made = next(made)
        self._parent_task.scopes.append(self)
        self.cancels_before = self._parent_task.cancelling() - self._parent_task.asked_for()
        return self

    async def __aexit__(self, et, exc, tb):
        parent, before = self._parent_task, list(self._errors)
        self._parent_task = Parent(parent, self)
        try:
            try:
                await super().__aexit__(et, exc, tb)
            finally:
                parent.has_left(self)
        except BaseExceptionGroup as group:
            errors = list(group.exceptions)
            if et is not None and not issubclass(et, asyncio.CancelledError):
                # CPython lists the body's error last; it came when the body ended.
                errors = [*before, exc, *errors[len(before):-1]]
            raise combined(errors) from None
        except asyncio.CancelledError as error:
            # A request from before the group is not answered by what leaves it.
            answers = parent.cancelling() > self.cancels_before
            raise (parent.leave_scope(error) if answers else error) from None

    def _abort(self):
        self._aborting = True
        for task in self.live_tasks():
            if task.heard_through is not self or task.cancelling() == 0:
                task.cancel()

    def _on_task_done(self, task):
        parent = self._parent_task
        real = parent.task if isinstance(parent, Parent) else parent
        self._parent_task = Canceller(real, self, self._on_completed_fut)
        with one_cancel():
            super()._on_task_done(task)
        self._parent_task = parent
        ending = self._on_completed_fut
        if ending is not None and ending.cancelled() and self._aborting and not self._tasks:
            # It goes on where the failure woke it, before its last task has told it of its end.
            run.note('failure of a group whose tasks have ended')

    def create_task(self, coro, **how):
        if self._exiting and not self._tasks and self._errors is not None:
            run.note('spawn into a group that has just ended')
        return super().create_task(coro, **how)

    def has_cancelled(self):
        return self._parent_cancel_requested

    def live_tasks(self):
        return [task for task in self._tasks if not task.done()]


def combined(errors):
    """The first, with those that came later, in this group and in one inside; each once, and never itself: one
    error may come several ways, through who awaits the task that failed."""
    first = errors[0]
    later = dict.fromkeys([*getattr(first, 'later', ()), *errors])
    del later[first]
    first.later = list(later)
    return first


class Parent:
    """How a group that ends sees its task."""

    def __init__(self, task, group):
        self.task, self.group = task, group

    def uncancel(self):
        return self.task.uncancel()

    def cancelling(self):
        """Ambit asks again for a cancel that came during the group, CPython for any."""
        now = self.task.cancelling()
        if 0 < now <= self.group.cancels_before:
            run.note('cancel from before a group')
            if run.rules:
                return 0
        return now

    def cancel(self):
        return self.task.cancel(inside=min(self.task.last_inside, self.task.scopes.index(self.group)))


tasks.futures.future_add_to_awaited_by = lambda child, parent: None
tasks.futures.future_discard_from_awaited_by = lambda child, parent: None


class Gathering(tasks._GatheringFuture):
    """Notices a cancelled gather that ends before all of its children have; Ambit's waits."""

    def __init__(self, children, *, loop):
        super().__init__(children, loop=loop)
        self.left = len(set(children))
        for child in dict.fromkeys(children):
            if child.done():
                self.left -= 1

    def cancel(self, msg=None):
        self.message = msg
        # A gather listens twice here.
        if any(listeners(each) > 2 for each in self._children):
            run.note('cancel of what others wait for')
        if len(set(self._children)) < len(self._children):
            run.note('cancelled gather that has one twice')
            if run.rules:
                self._children = list(dict.fromkeys(self._children))
        return super().cancel(msg)

    def hear(self):
        self.left -= 1

    def set_exception(self, error):
        if self._cancel_requested and self.left > 0:
            run.note('cancelled gather that does not wait')
            if run.rules:
                return
        if self._cancel_requested and not isinstance(error, asyncio.CancelledError):
            run.note('cancelled gather that fails')
            if run.rules:
                error = asyncio.CancelledError()
        if self._cancel_requested and error.args != (() if self.message is None else (self.message,)):
            run.note('message of a cancelled gather')
        super().set_exception(error)


def gather(*them, return_exceptions=False):
    them = [asyncio.ensure_future(each) for each in them]
    for each in dict.fromkeys(them):
        if not each.done():
            each.add_done_callback(lambda _: outer.hear())
    outer = asyncio.gather(*them, return_exceptions=return_exceptions)
    return outer


tasks._GatheringFuture = Gathering


class Completed(tasks._AsCompletedIterator):
    """as_completed, with a dict in the place of the set."""

    def __init__(self, aws, timeout):
        super().__init__([], None)
        self._todo = OrderedTasks.fromkeys(aws)
        self._todo_left = len(self._todo)
        for task in self._todo:
            task.add_done_callback(self._handle_completion)
        if self._todo and timeout is not None:
            self._timeout_handle = run.loop.call_later(timeout, self._handle_timeout)
        self.in_body = False

    async def __anext__(self):
        self.in_body = False
        item = await super().__anext__()
        self.in_body = True
        return item

    def left(self):
        """The loop over it has ended. JavaScript tells an iterator when the loop's body leaves it, and its timer
        goes; asyncio is not told, and the timer of what nobody will ask again holds the clock."""
        if self.in_body and self._timeout_handle is not None:
            self._timeout_handle.cancel()


class Futures:
    """A loop, as primitives see it, that remembers which task made which future."""

    def __init__(self, made):
        self.made = made

    def create_future(self):
        future = run.loop.create_future()
        self.made[asyncio.current_task()] = future
        return future


def is_handed_over(task, future):
    """Completed, while the task that waits for it has not run again."""
    return future.done() and not future.cancelled() and task._fut_waiter is future


class Lock(asyncio.Lock):
    def handing_over(self):
        return not self._locked and any(w.done() and not w.cancelled() for w in self._waiters or ())

    def look(self):
        if self.handing_over():
            run.note('look at a lock that is handed over')

    def locked(self):
        self.look()
        return super().locked()

    def release(self):
        self.look()
        if self._waiters and next(iter(self._waiters)).cancelled():
            run.note('release of a lock whose first waiter is cancelled')
        super().release()

    def _wake_up_first(self):
        if not run.rules:
            return super()._wake_up_first()
        # In Ambit who is cancelled has left the line at once; CPython wakes the next one when that task runs.
        first = next((each for each in self._waiters or () if not each.cancelled()), None)
        if first is not None and not first.done():
            first.set_result(True)


class Condition(asyncio.Condition):
    """Notices a wait that was cancelled without having been notified, and wakes another."""

    def __init__(self):
        super().__init__(Lock())
        self.made = {}
        self.asked = False

    def _get_loop(self):
        return Futures(self.made)

    def notify(self, n=1):
        self.asked = True
        try:
            super().notify(n)
        finally:
            self.asked = False

    def _notify(self, n):
        if not self.asked and any(not waiter.done() for waiter in self._waiters):
            if self.made[asyncio.current_task()].cancelled():
                run.note('needless notification')
                if run.rules:
                    return
        super()._notify(n)


locks.Condition = Condition


class Permits:
    def look(self):
        if self._value > 0 and any(not waiter.cancelled() for waiter in self._waiters or ()):
            run.note('look at a semaphore that is handed over')

    def locked(self):
        self.look()
        return super().locked()


class Semaphore(Permits, asyncio.Semaphore):
    pass


class BoundedSemaphore(Permits, asyncio.BoundedSemaphore):
    pass


class Barrier(asyncio.Barrier):
    async def wait(self):
        if self._state in (locks._BarrierState.DRAINING, locks._BarrierState.RESETTING):
            run.note('wait outside a barrier')
        try:
            return await super().wait()
        except asyncio.CancelledError:
            run.note('cancel at a barrier')
            raise


class Handover:
    """Notices who uses a queue between the moment in which an item or room for one is there for a
    task and the one in which that task runs again. Ambit has given it to the task by then."""

    def __init__(self, maxsize=0):
        super().__init__(maxsize)
        self.gets, self.puts = {}, {}

    def _get_loop(self):
        return Futures(self.gets if sys._getframe(1).f_code.co_name == 'get' else self.puts)

    def handed_over(self, made):
        return any(is_handed_over(*each) for each in made.items())

    def look(self, harmless=False):
        if self.handed_over(self.puts) or (self.handed_over(self.gets) and not harmless):
            run.note('look at a queue that hands over')

    def user_put(self, item):
        self.look(harmless=type(self) is Queue and not self.full())
        return self.put(item)

    def user_put_nowait(self, item):
        self.look(harmless=type(self) is Queue and not self.full())
        self.put_nowait(item)

    def user_get(self):
        self.look()
        return self.get()

    def user_get_nowait(self):
        self.look()
        return self.get_nowait()

    def user_state(self):
        self.look()
        return [self.qsize(), self.empty(), self.full()]

    def user_task_done(self):
        self.look(harmless=True)
        self.task_done()

    def user_join(self):
        self.look(harmless=True)
        return self.join()

    def user_shutdown(self, immediate):
        self.look(harmless=not immediate and type(self) is Queue)
        self.shutdown(immediate)


class Queue(Handover, asyncio.Queue):
    pass


class LifoQueue(Handover, asyncio.LifoQueue):
    pass


class PriorityQueue(Handover, asyncio.PriorityQueue):
    pass


class Run:
    """One run of one program: what it logged, which differences it touched."""

    def __init__(self, rules, seed):
        self.rules = rules
        #: The tasks that the cancel has come to that is being asked for.
        self.reached = None
        self.lines = []
        self.notes = set()
        self.open = True
        self.tasks = []
        self.main = None
        self.loop = VirtualLoop(seed)
        self.pauses = None if seed is None else random.Random(seed)

    def log(self, me, place, value=None):
        if not self.open:
            return
        if len(self.lines) >= LONGEST_LOG:
            raise TooLong
        self.lines.append(f'{me}|{self.loop.now:g}|{place}|{words(value)}')

    def note(self, name):
        if self.open:
            self.notes.add(name)

    def register(self, task):
        self.tasks.append(task)
        return task

    async def root(self, main):
        self.main = asyncio.create_task(main('m'))
        await self.outcome('m', self.main)
        asked = [task for task in self.tasks if not task.done()]
        for task in asked:
            task.cancel('end')
        for place, task in enumerate(self.tasks):
            if not task.done() and task not in asked:
                task.cancel('end')
            await self.outcome(f't{place}', task)
        self.open = False

    async def outcome(self, name, task):
        try:
            value = await task
        except BaseException as error:
            value = error
        self.log(name, 'outcome', [task.cancelled(), value])

    def execute(self, code):
        # Pyodide has a loop of its own, which counts as running.
        events._set_running_loop(None)
        names = {**globals(), 'log': self.log, 'reg': self.register, 'run': self}
        exec(code, names)
        end = 'done'
        try:
            self.loop.run_until_complete(self.root(names['make']()))
        except (Deadlock, TooLong) as error:
            end = type(error).__name__
        self.open = False
        self.close()
        return {'log': self.lines, 'notes': sorted(self.notes), 'end': end, 'time': self.loop.now}

    def close(self):
        for task in asyncio.all_tasks(self.loop):
            for _ in range(5):
                try:
                    task.observed.coro.close()
                    break
                except BaseException:
                    pass
        self.loop._ready.clear()
        self.loop.close()


def words(value, around=()):
    if value is None:
        return '-'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (list, tuple)):
        return '[' + ' '.join(words(each, around) for each in value) + ']'
    if isinstance(value, BaseException):
        return error_words(value, around)
    return str(value)


def error_words(error, around):
    name = type(error).__name__
    if isinstance(error, asyncio.CancelledError):
        return f'{name}({error.args[0] if error.args and error.args[0] else ""})'
    # Two groups may each have had the other's error later.
    later = () if error in around else getattr(error, 'later', ())
    return name + (f'+{words(later, (*around, error))}' if later else '')


def state(future):
    if not future.done():
        return 'pending'
    if future.cancelled():
        return 'cancelled'
    return future.exception() or future.result()


def items(*them):
    """Those that are there: a slot whose task was not made yet is empty."""
    return [each for each in them if each is not None]



class Places:
    """The label of what a function starts: the starter's own, the place, and a number."""

    def __init__(self):
        self.count = 0

    def __call__(self, me, place):
        self.count += 1
        return f'{me}/{place}.{self.count}'


run = None


async def pause():
    """In a shuffled run, lets others run where JavaScript does: at any `await`, also of what is
    there already. It is no point of cancellation."""
    if run.pauses is None or run.pauses.random() < 0.5:
        return
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError as error:
        asyncio.current_task().observed.armed[0] = error.args[0] if error.args else None


def batch(text):
    """Runs programs: [{source, runs: [{rules, seed}]}] gives a list of results for each."""
    global run
    results = []
    for each in json.loads(text):
        code = compile(each['source'], 'program', 'exec')
        mine = []
        for how in each['runs']:
            run = Run(how['rules'], how['seed'])
            mine.append(run.execute(code))
        results.append(mine)
    return json.dumps(results)
