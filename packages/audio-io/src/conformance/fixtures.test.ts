import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { DecodedAudio } from '../audio.js'
import { lazyCodecs } from '../codecs/lazy.js'
import { decodeAudio } from '../decode.js'

const folder = new URL('../../fixtures/', import.meta.url)
const names = readdirSync(folder).filter((name) => /\.(wav|ogg)$/.test(name))

/** Interleaved, as ffmpeg writes raw float. */
function interleave({ channels }: DecodedAudio): Float32Array {
  return Float32Array.from(
    { length: channels.length * channels[0]!.length },
    (_, i) => channels[i % channels.length]![Math.floor(i / channels.length)]!,
  )
}

function expected(name: string): Float32Array {
  const bytes = readFileSync(new URL(name.replace(/\.\w+$/, '.f32'), folder))
  return new Float32Array(new Uint8Array(bytes).buffer)
}

function worst(ours: Float32Array, theirs: Float32Array): { index: number; difference: number } {
  let index = 0
  for (let i = 0; i < ours.length; i++) {
    if (Math.abs(ours[i]! - theirs[i]!) > Math.abs(ours[index]! - theirs[index]!)) index = i
  }
  return { index, difference: Math.abs(ours[index]! - theirs[index]!) }
}

describe('fixtures made by ffmpeg and sox', () => {
  test('all exist', () => {
    expect(names.filter((name) => name.endsWith('.wav'))).toHaveLength(20)
    expect(names.filter((name) => name.endsWith('.ogg'))).toHaveLength(3)
  })

  test.each(names.filter((name) => name.endsWith('.wav')))("%s: every sample is ffmpeg's", async (name) => {
    const audio = await decodeAudio(new Uint8Array(readFileSync(new URL(name, folder))))
    expect(audio.sampleRate).toBe(8000)
    expect(interleave(audio)).toEqual(expected(name))
  })

  test.each(['mono-vorbis.ogg', 'stereo-vorbis.ogg'])(
    "%s: every sample within 2e-6 of ffmpeg's",
    async (name) => {
      const bytes = new Uint8Array(readFileSync(new URL(name, folder)))
      const audio = await decodeAudio(bytes, { codecs: lazyCodecs() })
      const ours = interleave(audio)
      const theirs = expected(name)
      expect(audio.sampleRate).toBe(16000)
      expect(ours).toHaveLength(theirs.length)
      const { index, difference } = worst(ours, theirs)
      expect(difference, `at ${index}`).toBeLessThan(2e-6)
    },
  )

  test('one-page.ogg: no sound is lost', async () => {
    const bytes = new Uint8Array(readFileSync(new URL('one-page.ogg', folder)))
    const { channels } = await decodeAudio(bytes, { codecs: lazyCodecs() })
    const several = await decodeAudio(new Uint8Array(readFileSync(new URL('mono-vorbis.ogg', folder))), {
      codecs: lazyCodecs(),
    })
    expect(channels).toEqual(several.channels)
  })
})
