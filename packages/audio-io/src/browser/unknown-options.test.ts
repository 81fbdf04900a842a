/** Every export of `/browser` refuses an unknown option. */
import { testUnknownOptions } from '../../fixtures/unknown-options.js'
import { encodeWav } from '../wav/encode.js'
import * as browser from './index.js'

const wav = encodeWav({ samples: Float32Array.of(0, 0.5), sampleRate: 8000 })
const blob = new Blob([wav as Uint8Array<ArrayBuffer>])

testUnknownOptions('browser', {
  exports: browser,
  calls: {
    decodeAudio: [(o) => browser.decodeAudio(blob, o), (o) => browser.decodeAudio(wav, o)],
    loadAudio: [(o) => browser.loadAudio(blob, o), (o) => browser.loadAudio(wav, o)],
    microphone: [(o) => browser.microphone(o)],
    streamAudio: [(o) => browser.streamAudio(blob, o), (o) => browser.streamAudio(wav, o)],
  },
  withoutOptions: ['probeAudio'],
})
