/*
 * Media types of files, by what stands behind the last dot.
 *
 * Strategy: a table of its own of what the web is made of; what isn't there is bytes. Text says that it is UTF-8, as
 * nearly all of it is: without that, browsers guess. Who needs more hands it to `file` or `static`.
 */

const TEXT = "; charset=utf-8";

/** `type: extensions`, a line each. */
const TABLE = `
application/atom+xml: atom
application/epub+zip: epub
application/geo+json: geojson
application/gzip: gz tgz
application/java-archive: jar
application/json: json map
application/json5: json5
application/jsonl: jsonl ndjson
application/ld+json: jsonld
application/manifest+json: webmanifest
application/msword: doc
application/pdf: pdf
application/rss+xml: rss
application/rtf: rtf
application/sql: sql
application/toml: toml
application/vnd.android.package-archive: apk
application/vnd.ms-excel: xls
application/vnd.ms-fontobject: eot
application/vnd.ms-powerpoint: ppt
application/vnd.oasis.opendocument.presentation: odp
application/vnd.oasis.opendocument.spreadsheet: ods
application/vnd.oasis.opendocument.text: odt
application/vnd.openxmlformats-officedocument.presentationml.presentation: pptx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document: docx
application/vnd.sqlite3: sqlite sqlite3
application/wasm: wasm
application/x-7z-compressed: 7z
application/x-bzip2: bz2
application/x-tar: tar
application/xhtml+xml: xhtml
application/xml: xml xsl
application/yaml: yaml yml
application/zip: zip
application/zstd: zst
audio/aac: aac
audio/flac: flac
audio/midi: mid midi
audio/mp4: m4a
audio/mpeg: mp3
audio/ogg: oga ogg opus
audio/wav: wav
audio/webm: weba
font/collection: ttc
font/otf: otf
font/ttf: ttf
font/woff: woff
font/woff2: woff2
image/apng: apng
image/avif: avif
image/bmp: bmp
image/gif: gif
image/heic: heic
image/jpeg: jpeg jpg
image/jxl: jxl
image/png: png
image/svg+xml: svg
image/tiff: tif tiff
image/vnd.microsoft.icon: ico
image/webp: webp
model/gltf+json: gltf
model/gltf-binary: glb
text/calendar: ics
text/css: css
text/csv: csv
text/html: htm html
text/javascript: cjs js mjs
text/markdown: markdown md
text/plain: conf ini log text txt
text/tab-separated-values: tsv
text/vcard: vcf
text/vtt: vtt
video/mp4: m4v mp4
video/mpeg: mpeg mpg
video/ogg: ogv
video/quicktime: mov
video/webm: webm
video/x-matroska: mkv
application/dash+xml: mpd
application/vnd.apple.mpegurl: m3u8
video/mp2t: m2ts ts
`;

/** What is no text by its name, and shrinks all the same. */
const SHRINKS = new Set(
  `application/graphql application/javascript application/json application/json5 application/jsonl
  application/rtf application/sql application/toml application/vnd.apple.mpegurl
  application/vnd.ms-fontobject application/wasm application/x-ndjson application/xml application/yaml
  font/collection font/otf font/ttf image/bmp image/vnd.microsoft.icon`.split(/\s+/),
);

let types: Map<string, string> | null = null;

/** The media type of a file, by its name; `application/octet-stream` when the name doesn't tell. @internal */
export function mediaTypeOf(
  name: string,
  own: Readonly<Record<string, string>> | null = null,
): string {
  const extension = extensionOf(name);
  const given = own !== null && Object.hasOwn(own, extension) ? own[extension] : undefined;
  return given ?? (types ??= read()).get(extension) ?? "application/octet-stream";
}

/** Whether compressing is worth it. Pictures, films and archives are compressed already. @internal */
export function isCompressible(type: string): boolean {
  const end = type.indexOf(";");
  const name = (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
  return name.startsWith("text/") || SHRINKS.has(name) || /\+(?:json|xml)$/.test(name);
}

/** In lower case, without the dot; empty for `.profile` and `README`. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  const before = Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1;
  return dot <= before ? "" : name.slice(dot + 1).toLowerCase();
}

function read(): Map<string, string> {
  const all = new Map<string, string>();
  for (const line of TABLE.trim().split("\n")) {
    const [type = "", extensions = ""] = line.split(": ");
    const whole = type.startsWith("text/") ? type + TEXT : type;
    for (const extension of extensions.split(" ")) all.set(extension, whole);
  }
  return all;
}
