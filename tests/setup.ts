/**
 * What every test file leaves behind: nothing. After its last test no task of Ambit's may be
 * pending, and no signal listener, timer, socket, server, child process or worker may be there that
 * was not there before. (An unhandled rejection fails the run by itself.)
 */
import { leakCheck } from "ambit/testing";
import { afterAll } from "vitest";

leakCheck({ afterAll });
