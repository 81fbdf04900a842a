/** Kinds of arguments, and the wrong values of each kind. */
import { type Thing, things } from './things.js'

/** A value in the place of an argument. */
export interface Wrong {
  name: string
  value: unknown
  /** The wrong field, if the message must name it instead of the argument. */
  field?: string
  /** What the message must also say. */
  advice?: RegExp | undefined
}

interface KindRule {
  /** Values that are right, at least for some functions. They are not tried. */
  fits?: readonly Thing[]
  /** Fields that are tried in turn: without the field, and with every wrong value of its kind. */
  fields?: Readonly<Record<string, string>>
  /** What the message must say about a wrong thing, besides the argument's name. */
  advice?: Readonly<Partial<Record<Thing, RegExp>>>
}

const toMono = { 'decoded audio': /toMono/, 'an AudioBuffer': /getChannelData/ }
const numberLists = ['[]', 'a list of numbers', 'an Int16Array', 'an Int32Array'] as const

const objects = (Object.keys(things) as Thing[]).filter((name) => {
  const value = things[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) && name !== 'a promise'
})
const otherLists = ['a list of texts', 'a Float32Array', 'a Float64Array', 'a Uint8Array'] as const

const rules = {
  clip: { fits: ['a clip'], fields: { samples: 'samples', sampleRate: 'number' }, advice: toMono },
  /** A clip, or decoded audio. */
  sound: { fits: ['a clip', 'decoded audio'], fields: { samples: 'samples', sampleRate: 'number' } },
  samples: {
    fits: ['a Float32Array'],
    advice: {
      ...toMono,
      'a list of numbers': /Float32Array\.from/,
      'a Float64Array': /Float32Array\.from/,
      'an Int16Array': /Float32Array\.from/,
      'a clip': /clip\.samples/,
    },
  },
  channels: { fits: [], advice: {} },
  matrix: {
    fits: ['a matrix'],
    fields: { data: 'samples', bins: 'count', frames: 'count' },
    advice: { 'a clip': /a clip/ },
  },
  complexMatrix: {
    fits: ['a complex matrix'],
    fields: { re: 'samples', im: 'samples', bins: 'count', frames: 'count' },
    advice: { 'a matrix': /stft/ },
  },
  bytes: {
    fits: ['a Uint8Array'],
    advice: {
      'an ArrayBuffer': /new Uint8Array/,
      'a DataView': /new Uint8Array/,
      'a list of numbers': /Uint8Array/,
    },
  },
  graph: {
    fits: ['a network'],
    fields: { input: 'object', nodes: 'objects', output: 'text' },
    advice: { 'a trained model': /model\.graph/, 'a Uint8Array': /unpackModel/ },
  },
  model: {
    fits: ['a trained model'],
    fields: { graph: 'graph', labels: 'texts', activation: 'text', history: 'objects', bestEpoch: 'count' },
    advice: { 'a network': /network/ },
  },
  onnxModel: {
    fits: ['an ONNX model'],
    fields: { graph: 'object', opset: 'count' },
    advice: { 'a Uint8Array': /readModel/, 'a trained model': /exportModel/, 'a network': /lowerNetwork/ },
  },
  set: { fits: ['a feature set'], fields: { labels: 'texts', records: 'objects', get: 'callback' } },
  dataset: { fits: ['a feature set'], fields: { labels: 'textsOrNone', records: 'objects' } },
  /** What openDataset returns. */
  opened: { fits: [], fields: { dataset: 'dataset' } },
  /** A set as splitters read it. The other form of the call takes a list or a number. */
  source: {
    fits: [...numberLists, ...otherLists, 'a number', 'a feature set'],
    fields: { records: 'objects' },
  },
  'list or set': { fits: [...numberLists, ...otherLists, 'a feature set'] },
  'typed array': {
    fits: ['a Float32Array', 'a Float64Array', 'an Int16Array', 'an Int32Array', 'a Uint8Array'],
  },
  split: { fits: ['a split'], fields: { train: 'indices' } },
  recipe: { fits: ['a recipe'], fields: { sampleRate: 'number', stft: 'json', mel: 'json' } },
  normalizer: { fits: [], fields: { mean: 'numbers', std: 'numbers' } },
  tensor: { fits: [], fields: { type: 'text', dims: 'dims' } },
  dims: { fits: ['[]', 'a list of numbers'] },
  /** Read by a schema, whose words are its own. */
  json: { fits: [...objects, 'a promise'] },
  valueInfo: { fits: [], fields: { name: 'path', type: 'text' } },
  map: { fits: ['a Map'] },
  'texts by name': { fits: ['files of a model'] },
  /** Of a model, by name. */
  files: { fits: ['files of a model'] },
  manifest: { fits: [], fields: { labels: 'texts', files: 'json' } },
  indices: { fits: numberLists },
  /** Of as many rows. */
  classes: { fits: [...numberLists, 'a Float32Array', 'a Float64Array', 'a Uint8Array'] },
  numbers: { fits: [...numberLists, 'a Float32Array', 'a Float64Array', 'a Uint8Array'] },
  values: {
    fits: [...numberLists, 'a Float32Array', 'a Float64Array', 'a Uint8Array', 'a list of texts', 'a text'],
  },
  texts: { fits: ['a list of texts'] },
  textsOrNone: { fits: ['a list of texts', '[]'] },
  objects: { fits: ['[]'] },
  /** Of things that the function looks at one by one. */
  list: { fits: ['[]'] },
  /** `{ clip or features, label }`. */
  example: { fits: [] },
  /** Any object is right, as far as this test goes. */
  object: { fits: objects },
  /** An object of options that the function knows: of all others it names what it does not know. */
  emptyObject: { fits: ['{}', 'an object without a prototype'] },
  text: { fits: ['a text', 'an empty text'] },
  path: { fits: ['a text'] },
  number: { fits: ['a number'] },
  count: { fits: ['a number'] },
  callback: { fits: ['a function'] },
  optionalCallback: { fits: ['a function', 'undefined'] },
  signal: { fits: ['undefined'], advice: {} },
  rng: { fits: [] },
  /** An object with functions, of which no thing is one: a session, a runtime, an engine. */
  service: { fits: [] },
} as const satisfies Record<string, KindRule>

export type Kind = keyof typeof rules

/** Every wrong value of a kind, and the right value with each of its fields made wrong. */
export function wrongsOf(kind: Kind, right: unknown): Wrong[] {
  const { fits = [], fields = {}, advice = {} }: KindRule = rules[kind]
  const others = (Object.keys(things) as Thing[]).filter((name) => !fits.includes(name))
  const spoilt = Object.entries(fields).flatMap(([field, of]): Wrong[] => [
    { name: `without ${field}`, value: without(right as object, field), field },
    ...wrongsOf(of as Kind, (right as Record<string, unknown>)[field]).map(({ name, value, ...rest }) => ({
      name: `with ${name} as ${field}`,
      value: { ...(right as object), [field]: value },
      field,
      ...rest,
    })),
  ])
  const of = (name: Thing) => (name === 'a promise' ? /await|Promise/ : advice[name])
  return [...others.map((name): Wrong => ({ name, value: things[name], advice: of(name) })), ...spoilt]
}

function without(object: object, field: string): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== field))
}
