/** Calls of `@esc/audio-io`. */
import { writeFileSync } from 'node:fs'
import * as root from '@esc/audio-io'
import * as mp3 from '@esc/audio-io/mp3'
import * as node from '@esc/audio-io/node'
import * as opus from '@esc/audio-io/opus'
import * as vorbis from '@esc/audio-io/vorbis'
import { type Call, type Entry, type Given, given } from './calls.js'
import { folder } from './folder.js'
import { clip as aClip, decodedAudio } from './things.js'

// Not seen by the type checker: its types are those of a page, and these here are Node's.
const place: string = '@esc/audio-io/browser'
const browser: typeof node & { microphone(options: object): unknown } = await import(place)

const wav = root.encodeWav(aClip)
const bytes = given('bytes', wav)
const input = given('bytes', wav, 'a text')
const path = `${folder}/a.wav`
writeFileSync(path, wav)
const codecs = given('emptyObject', {}, 'undefined')
const clip = given('sound', aClip)
const option = { sampleRate: given('number', 8000, 'null', 'undefined') }

const files = (
  entry: Pick<typeof node, 'decodeAudio' | 'loadAudio' | 'probeAudio' | 'streamAudio'>,
  input: Given,
): Record<string, Call> => ({
  decodeAudio: [entry.decodeAudio, { input }],
  loadAudio: [entry.loadAudio, { input, options: { ...option, offset: given('count', 0, 'undefined') } }],
  probeAudio: [entry.probeAudio, { input }],
  streamAudio: [entry.streamAudio, { input }],
})

/** The first bytes are none that a decoder knows: what is no array of bytes is refused before. */
const codec = (decode: (bytes: never) => AsyncGenerator): Call => [
  async (payload: never) => {
    const blocks = decode(payload)
    if ((payload as unknown) instanceof Uint8Array) return blocks.return(undefined)
    return blocks.next()
  },
  { payload: bytes },
]

export const audioEntries: Readonly<Record<string, Entry>> = {
  'audio-io': {
    exports: root,
    calls: {
      decodeAiff: [(bytes: never) => (bytes === wav ? undefined : root.decodeAiff(bytes)), { bytes }],
      decodeFlac: [(bytes: never) => (bytes === wav ? undefined : root.decodeFlac(bytes)), { bytes }],
      decodeWav: [root.decodeWav, { bytes }],
      encodeWav: [root.encodeWav, { audio: clip }],
      decodeAudio: [root.decodeAudio, { input: bytes, options: { codecs } }],
      loadAudio: [root.loadAudio, { input: bytes, options: { ...option, codecs } }],
      probeAudio: [root.probeAudio, { bytes }],
      probeSource: [root.probeSource, { input: bytes }],
      'probeSource source': [
        root.probeSource,
        {
          source: {
            size: given('number', wav.length),
            read: given('callback', async (offset: number, length: number) =>
              wav.subarray(offset, offset + length),
            ),
          },
        },
      ],
      detectSound: [root.detectSound, { head: bytes }],
      describeOtherSound: [root.describeOtherSound, { head: bytes }],
      streamAudio: [
        root.streamAudio,
        { input: bytes, options: { codecs, blockFrames: given('count', 99, 'undefined') } },
      ],
      toMono: [root.toMono, { channels: [given('samples', aClip.samples)] }],
      'toMono channels': [root.toMono, { channels: given('list', decodedAudio.channels) }],
    },
    others: ['assertChannels'],
  },
  'audio-io/node': {
    exports: node,
    calls: {
      ...files(node, input),
      writeWav: [node.writeWav, { to: given('path', `${folder}/b.wav`), audio: clip }],
    },
  },
  'audio-io/browser': {
    exports: browser,
    calls: files(browser, bytes),
    others: ['microphone'],
  },
  'audio-io/vorbis': { exports: vorbis, calls: { vorbis: codec(vorbis.vorbis) } },
  'audio-io/opus': { exports: opus, calls: { opus: codec(opus.opus) } },
  'audio-io/mp3': { exports: mp3, calls: { mp3: codec(mp3.mp3) } },
}
