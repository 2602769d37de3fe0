/*
 * `ambit/files`: files as Python's `open` gives them, with every call cancellable (aiofiles).
 */
export { BinaryFile } from "./binaryFile.ts";
export { type UnicodeErrors } from "./codec.ts";
export {
  ClosedFileError,
  FileError,
  type FileFailure,
  type UndecodableBytes,
  type UnencodableText,
  UnicodeDecodeError,
  UnicodeEncodeError,
  UnsupportedOperationError,
} from "./errors.ts";
export { type BufferOptions, type EncodingOptions } from "./filePlan.ts";
export { IOBase, type SyncOptions, type Whence } from "./ioBase.ts";
export { LineFile } from "./lineFile.ts";
export { type BinaryMode, type TextMode } from "./mode.ts";
export { type Newline } from "./newlines.ts";
export { open, type OpenOptions, type TextOptions } from "./open.ts";
export { type FilePath } from "./path.ts";
export { stderr, stdin, stdout } from "./standardStreams.ts";
export { TextFile } from "./textFile.ts";
export { readBytes, readText, writeBytes, writeText } from "./wholeFile.ts";

// tempfile, os, os.path, shutil, and what they lack
export { access, type AccessRights } from "./access.ts";
export { atomicWrite, type AtomicWriteOptions } from "./atomicWrite.ts";
export { chmod, type FileTimes, truncate, utime, type UtimeOptions } from "./attributes.ts";
export { type CopyProgress, type Reflink } from "./contents.ts";
export { copyFile, type CopyFileOptions, type CopyOptions } from "./copyFile.ts";
export { copyTree, type CopyTreeOptions } from "./copyTree.ts";
export { type DirEntry, type EntryKind } from "./dirEntry.ts";
export { diskUsage, type DiskUsage } from "./diskUsage.ts";
export { type FileLock, fileLock, type FileLockOptions } from "./fileLock.ts";
export {
  listdir,
  makedirs,
  type MakedirsOptions,
  mkdir,
  type MkdirOptions,
  removedirs,
  rmdir,
} from "./folders.ts";
export { glob, globEscape, type GlobOptions, type GlobPaths, iglob } from "./glob.ts";
export { type LineEncoding } from "./lineCutter.ts";
export { FileLockLostError, FileLockTimeoutError } from "./lockErrors.ts";
export { moveFile } from "./moveFile.ts";
export {
  link,
  readlink,
  realpath,
  remove,
  type RemoveOptions,
  rename,
  replace,
  symlink,
  type SymlinkOptions,
  unlink,
} from "./names.ts";
export { type Piece } from "./pieceWriter.ts";
export { rmtree, type RmtreeOptions } from "./rmtree.ts";
export { type DirEntries, scandir } from "./scandir.ts";
export {
  exists,
  getSize,
  isDir,
  isFile,
  isLink,
  lstat,
  sameFile,
  stat,
  type StatOptions,
} from "./status.ts";
export { tail, type TailLines } from "./tail.ts";
export { type TailOptions } from "./tailOptions.ts";
export { type TemporaryDirectory, temporaryDirectory } from "./temporaryDirectory.ts";
export { type SpooledTemporaryFile, type SpooledTemporaryTextFile } from "./spooledFile.ts";
export {
  namedTemporaryFile,
  type SpooledOptions,
  spooledTemporaryFile,
  temporaryFile,
  type TemporaryFileOptions,
  type TemporaryTextOptions,
} from "./temporaryFile.ts";
export { type TemporaryOptions } from "./temporaryName.ts";
export { type TreeEntry, type TreeOptions, type TreeProgress } from "./treeOptions.ts";
export { walk, type WalkEntries, type WalkOptions } from "./walk.ts";
export { type WalkEntry } from "./walkEntry.ts";
export { watch, type WatchEvents, type WatchOptions } from "./watch.ts";
export { type WatchEvent } from "./watchEvent.ts";
