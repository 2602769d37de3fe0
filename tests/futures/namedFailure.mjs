// An error whose class has a copy on either side, as in a bundle, and a name by which they are one.
import { errorClass } from "../../dist/futures/index.js";

class Local extends Error {}
errorClass("tests.Local", Local);

export function throwLocal() {
  throw new Local("a copy");
}
