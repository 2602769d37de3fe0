/*
 * Where in its `stdio` a child process has what it is given.
 */

/** The pipe of messages, both ways. @internal */
export const MESSAGES = 3;
/** A pipe that says nothing, and closes when the program is gone. @internal */
export const GUARD = 4;
/** The file of marks. @internal */
export const MARKS = 5;
