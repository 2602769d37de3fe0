/*
 * A form as the WHATWG's `FormData`, for code that is written for that.
 */
import { File } from "node:buffer";
import type { Form } from "./form.ts";

/**
 * Files are read into memory: WHATWG's are there as a whole.
 * @internal
 */
export async function formDataOf(form: Form): Promise<FormData> {
  const data = new FormData();
  for (const [name, value] of form) {
    if (typeof value === "string") data.append(name, value);
    else {
      const file = new File([await value.bytes()], value.rawFilename, { type: value.type });
      data.append(name, file, value.rawFilename);
    }
  }
  return data;
}
