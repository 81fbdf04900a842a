/** The kind of a file in a data set's folder, by its name. */

/** `unknown` if the name does not tell, so that the first bytes must. */
export type NameKind = 'sound' | 'other sound' | 'no sound' | 'unknown'

const soundName = /\.(wav|wave|aif|aiff|aifc|flac|ogg|oga|opus|mp3)$/i

/** Sounds, and videos with sound, of formats that `@esc/audio-io` does not decode. */
const otherSoundName =
  /\.(3g2|3ga|3gp|8svx|aa3|aac|ac3|ac4|act|adts|al|alac|amr|ape|asf|at3|au|avi|awb|caf|dff|dsf|dts|eac3|flv|gsm|m4a|m4b|m4p|m4r|m4v|mka|mkv|mlp|mov|mp1|mp2|mp4|mpa|mpc|mpeg|mpg|mpga|mts|mxf|nist|ofr|oma|ogm|ogv|ogx|pcm|ra|ram|rm|sd2|snd|sph|spx|svx|tak|thd|tta|ul|voc|vob|vox|vqf|w64|webm|weba|wma|wmv|wv)$/i

/** Archives are not in this list: an archive may hold a whole class. */
const noSoundName =
  /\.(aup3?|bat|bib|bmp|c|cc|cfg|cmd|conf|cpp|css|csv|ctl|css|db|doc|docx|env|eps|geojson|gif|go|gpx|h|h5|hdf5|heic|hpp|htm|html|ico|ini|ipynb|jams|java|jl|jpeg|jpg|js|json|json5|jsonl|kml|lab|lnk|lock|log|m|m3u|m3u8|map|mat|md|md5|mdx|mjs|ndjson|npy|npz|odp|ods|odt|onnx|parquet|pbtxt|pdf|pickle|pkf|pkl|pls|png|ppt|pptx|ps1|psd|pt|pth|py|pyc|r|rb|rds|reapeaks|rs|rst|rtf|safetensors|sfk|sfv|sh|sha1|sha256|sha512|sqlite|srt|svg|tex|textgrid|tflite|tif|tiff|toml|tsv|txt|url|vtt|webloc|webp|xls|xlsx|xml|yaml|yml)$/i

const noSoundFile =
  /^(\._.*|\.ds_store|\.apdisk|\.directory|\.git(attributes|ignore|keep|modules)|\.gitlab-ci|\.keep|\.localized|\.nomedia|\.npmrc|\.editorconfig|\.picasa|\.volumeicon|icon\r|thumbs|desktop|ehthumbs(_vista)?|cachedir\.tag|authors|changelog|changes|citation|contributing|copying|credits|dockerfile|licen[cs]e|makefile|manifest|notice|readme|requirements|version)(\.(cff|db|in|ini|lock|md|txt|tag|yml))?$/i

/** Folders that systems, version control and editors make. */
const systemFolder =
  /^(__macosx|@eadir|#recycle|\$recycle\.bin|system volume information|lost\+found|__pycache__|node_modules|\.(apple(db|desktop|double)|cache|config|documentrevisions-v100|dvc|fseventsd|git|github|hg|idea|ipynb_checkpoints|mypy_cache|nx|pytest_cache|ruff_cache|spotlight-v100|svn|temporaryitems|thumbnails|trash.*|venv|vscode))$/i

/** @example kindOfName('12.WAV') // 'sound' */
export function kindOfName(name: string): NameKind {
  if (noSoundFile.test(name)) return 'no sound'
  if (soundName.test(name)) return 'sound'
  if (otherSoundName.test(name)) return 'other sound'
  return noSoundName.test(name) ? 'no sound' : 'unknown'
}

/** Whether a folder of this name holds no sounds of a data set. @example isSystemFolder('__MACOSX') // true */
export function isSystemFolder(name: string): boolean {
  return systemFolder.test(name)
}
