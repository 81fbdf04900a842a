import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeNpy } from '@esc/dataset'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatReport, runGolden } from './run-golden.js'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const { GOLDEN_DIR } = process.env

describe('golden cases', () => {
  test('pass on the committed part, which has every function', async () => {
    const report = await runGolden(fixtures)
    expect(report.failures).toEqual([])
    expect([...report.skipped]).toEqual([])
    expect(report.passed).toBe(169)
  })

  const whole = GOLDEN_DIR
    ? 'pass on the whole set'
    : 'pass on the whole set (skipped: GOLDEN_DIR is not set)'
  test.skipIf(!GOLDEN_DIR)(whole, async () => {
    const report = await runGolden(GOLDEN_DIR!)
    expect(report.failures).toEqual([])
    expect(report.passed).toBeGreaterThan(0)
  })
})

describe('runGolden', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'golden-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  const base = {
    id: 'case',
    function: 'librosa.mel_frequencies',
    params: { n_mels: 3, fmin: 0, fmax: 200, htk: false },
    input: null,
    output: 'out.npy',
    full_shape: [3],
    stored_stride: [2],
    tol_abs_f32: 1e-6,
  }
  const write = async (cases: readonly object[], stored = [0, 200]) => {
    await writeFile(join(dir, 'manifest.json'), JSON.stringify({ inputs: {}, cases }))
    await writeFile(join(dir, 'out.npy'), encodeNpy(Float64Array.from(stored), [stored.length]))
  }

  test('passes a case within its tolerance, at the stored indices', async () => {
    await write([base])
    expect(await runGolden(dir)).toMatchObject({ passed: 1, failures: [] })
  })

  test('names the worst index, the values and the tolerance of a failing case', async () => {
    await write([base], [0, 201])
    const { failures } = await runGolden(dir)
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(/^case: worst at \[2\]: expected 201, got 200(\.0\d*)?, tolerance 0.000001$/)
  })

  test.each([
    ['a wrong shape', { full_shape: [4] }, /has shape \[3\], expected \[4\]/],
    ['a value out of range between the stored ones', { full_stats: { min: 0, max: 199 } }, /ranges over/],
    ['a missing error', { expect: 'error' }, /gave a result/],
    ['an unexpected error', { params: { n_mels: -1 } }, /threw EscError/],
  ])('fails on %s', async (_, change, message) => {
    await write([{ ...base, ...change }])
    const { passed, failures } = await runGolden(dir)
    expect(passed).toBe(0)
    expect(failures[0]).toMatch(message)
  })

  test.each([
    [
      'a name that the function does not know',
      { n_ftt: null },
      "has no parameter 'n_ftt' here; it has n_mels",
    ],
    ['one that is a misspelt option of ours', { nMels: 3 }, "has no parameter 'nMels' here"],
  ])('fails on %s, also where the reference refuses, and says which', async (_, added, message) => {
    const golden = { ...base, params: { ...base.params, ...added } }
    await write([golden, { ...golden, id: 'refused', expect: 'error', output: undefined }])
    const { passed, failures } = await runGolden(dir)
    expect(passed).toBe(0)
    expect(failures).toEqual([
      expect.stringContaining(`case: librosa.mel_frequencies ${message}`),
      expect.stringContaining(`refused: librosa.mel_frequencies ${message}`),
    ])
  })

  test('fails on a value that this library would compute differently', async () => {
    await write([{ ...base, function: 'librosa.stft', params: { dtype: 'complex64' } }])
    const { failures } = await runGolden(dir)
    expect(failures).toEqual(['case: librosa.stft has parameter dtype="complex64", here it must be null'])
  })

  test('passes an expected error, skips unknown functions, and never fails on an informative case', async () => {
    await write(
      [
        { ...base, params: { n_mels: -1 }, expect: 'error', output: undefined },
        { ...base, function: 'librosa.tempogram' },
        { ...base, tags: ['informative'] },
      ],
      [0, 1],
    )
    const lines = formatReport(await runGolden(dir))
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^informative case: worst at \[2\]/)
    expect(lines[1]).toBe('not offered, skipped: librosa.tempogram 1')
    expect(lines[2]).toBe('1 passed, 0 failed, 1 skipped')
  })

  test('judges a case tagged snr40 by its signal-to-noise ratio away from the ends', async () => {
    const frequencies = { ...base, params: { n_mels: 6000, fmin: 0, fmax: 200, htk: false } }
    const wanted = Array.from({ length: 6000 }, (_, i) => (200 * i) / 5999)
    const snr40 = { ...frequencies, full_shape: [6000], stored_stride: [1], tags: ['snr40'] }
    const shifted = (margin: number, by: number) =>
      wanted.map((value, i) => (i < margin || i >= 6000 - margin ? value + by : value))
    await write([snr40], shifted(2048, 50))
    expect(await runGolden(dir)).toMatchObject({ passed: 1 })
    await write([snr40], shifted(3000, 50))
    expect((await runGolden(dir)).failures[0]).toMatch(/SNR/)
  })

  test.each([
    ['float32', Float32Array.of(0, 200)],
    ['whole numbers', Int32Array.of(0, 200)],
    ['whole numbers of 64 bits', BigInt64Array.of(0n, 200n)],
  ])('takes %s', async (_, stored) => {
    await write([base])
    await writeFile(join(dir, 'out.npy'), encodeNpy(stored, [2]))
    expect(await runGolden(dir)).toMatchObject({ passed: 1, failures: [] })
  })

  test.each([
    ['a file cut short', encodeNpy(Float32Array.of(1, 2), [2]).subarray(0, -1), 'CORRUPT_DATA'],
    ['another file', Uint8Array.from({ length: 20 }, (_, i) => i), 'UNSUPPORTED_FORMAT'],
    ['an empty file', new Uint8Array(0), 'UNSUPPORTED_FORMAT'],
  ])('refuses %s', async (_, bytes, code) => {
    await write([base])
    await writeFile(join(dir, 'out.npy'), bytes)
    await expect(runGolden(dir)).rejects.toThrow(throwsCode(code))
  })

  test('throws IO where there is no manifest', async () => {
    await expect(runGolden(join(dir, 'absent'))).rejects.toThrow(throwsCode('IO'))
  })
})
