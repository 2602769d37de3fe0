/*
 * The two streams that the program speaks through, as far as it uses them. Results go to `out`;
 * the progress bar and what went wrong go to `err`, so that `out` can be piped away.
 */
import { paletteFor, type Palette } from "./palette.ts";

/** Where the program's words go. */
export interface Screen {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  readonly palette: Palette;
}

export function processScreen(): Screen {
  const { stdout: out, stderr: err } = process;
  // Whoever reads our output may go away first (`flags -v | head`): the download goes on.
  for (const stream of [out, err]) stream.on("error", ignoreClosedPipe);
  return { out, err, palette: paletteFor(out) };
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
