/** Every export refuses an unknown option. The exports of `/browser` have their own test there. */
import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { testUnknownOptions, type Unknown } from '../fixtures/unknown-options.js'
import * as mp3 from './codecs/mp3.js'
import * as opus from './codecs/opus.js'
import * as vorbis from './codecs/vorbis.js'
import * as root from './index.js'
import * as node from './node/index.js'

const clip = { samples: Float32Array.of(0, 0.5), sampleRate: 8000 }
const wav = root.encodeWav(clip)

testUnknownOptions('root', {
  exports: root,
  calls: {
    decodeAiff: [(o) => root.decodeAiff(wav, o)],
    decodeAudio: [(o) => root.decodeAudio(wav, o), (o) => root.decodeAudio(wav, { codecs: o })],
    decodeFlac: [(o) => root.decodeFlac(wav, o)],
    decodeWav: [(o) => root.decodeWav(wav, o)],
    encodeWav: [(o) => root.encodeWav(clip, o)],
    loadAudio: [(o) => root.loadAudio(wav, o), (o) => root.loadAudio(wav, { codecs: o })],
    streamAudio: [(o) => root.streamAudio(wav, o), (o) => root.streamAudio(wav, { codecs: o })],
  },
  withoutOptions: [
    ...['assertChannels', 'describeOtherSound', 'detectSound', 'probeAudio', 'probeSource', 'toMono'],
  ],
})

testUnknownOptions('node', {
  exports: node,
  calls: {
    decodeAudio: [(o) => node.decodeAudio(wav, o), (o) => node.decodeAudio('no-such-file.wav', o)],
    loadAudio: [(o) => node.loadAudio(wav, o), (o) => node.loadAudio('no-such-file.wav', o)],
    streamAudio: [(o) => node.streamAudio(wav, o), (o) => node.streamAudio('no-such-file.wav', o)],
    writeWav: [(o) => node.writeWav('no-such-folder/a.wav', clip, o)],
  },
  withoutOptions: ['probeAudio'],
})

testUnknownOptions('vorbis', { exports: vorbis, calls: {}, withoutOptions: ['vorbis'] })
testUnknownOptions('opus', { exports: opus, calls: {}, withoutOptions: ['opus'] })
testUnknownOptions('mp3', { exports: mp3, calls: {}, withoutOptions: ['mp3'] })

test.each([
  ['of the root', (options: Unknown) => root.loadAudio(wav, options)],
  ['of /node', (options: Unknown) => node.loadAudio(wav, options)],
])("loadAudio %s refuses librosa's spelling, as a promise", async (_entry, load) => {
  const names = 'sampleRate, mono, offset, duration, maxDurationSec, tolerant'
  await expect(load({ sr: null } as Unknown)).rejects.toThrow(
    throwsCode('INVALID_OPTION', `loadAudio has no option 'sr' (write sampleRate); it has ${names}`),
  )
  await expect(load({ max_duration_sec: 1 } as Unknown)).rejects.toThrow(
    throwsCode('INVALID_OPTION', "'max_duration_sec' (write maxDurationSec)"),
  )
  await expect(load(null as Unknown)).rejects.toThrow(
    throwsCode('INVALID_OPTION', /^loadAudio takes an object of options, not null$/),
  )
})

test('/node refuses codecs, since it has its own', async () => {
  const refusal = throwsCode('INVALID_OPTION', "no option 'codecs'")
  await expect(node.loadAudio(wav, { codecs: {} } as Unknown)).rejects.toThrow(refusal)
  await expect(node.decodeAudio(wav, { codecs: {} } as Unknown)).rejects.toThrow(refusal)
})
