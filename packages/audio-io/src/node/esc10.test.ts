import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeAudio } from './files.js'

const folder = process.env.ESC10_DIR

describe.skipIf(!folder)(`ESC-10${folder ? '' : ' (skipped: ESC10_DIR is not set)'}`, () => {
  test('decodes all 400 recordings', { timeout: 300_000 }, async () => {
    const audioFolder = join(folder!, 'audio')
    const lengths = new Map<number, number>()
    let energy = 0
    for (const name of readdirSync(audioFolder).filter((file) => file.endsWith('.ogg'))) {
      const { channels, sampleRate } = await decodeAudio(join(audioFolder, name))
      expect(sampleRate, name).toBe(44100)
      expect(channels, name).toHaveLength(1)
      const samples = channels[0]!
      lengths.set(samples.length, (lengths.get(samples.length) ?? 0) + 1)
      for (let i = 0; i < samples.length; i++) energy += samples[i]! ** 2
    }
    // Encoded to a whole number of blocks; 20 clips are shorter or longer than the nominal five seconds.
    expect(Object.fromEntries(lengths)).toEqual({
      160704: 1,
      218816: 1,
      218880: 2,
      219008: 1,
      219648: 1,
      219776: 1,
      219840: 1,
      220032: 1,
      220224: 1,
      220544: 380,
      220864: 2,
      221120: 1,
      221888: 1,
      222528: 1,
      223808: 1,
      224960: 1,
      226688: 1,
      308736: 1,
      319296: 1,
    })
    // ffmpeg 5.1 decodes the same files to this; sample by sample the two differ by at most 7.2e-7.
    expect(Math.abs(energy - 1266697.98)).toBeLessThan(0.1)
  })
})
