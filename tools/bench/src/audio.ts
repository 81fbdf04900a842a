/** Decoding and resampling of a 5 s clip in one thread, against other npm packages. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import libsamplerate from '@alexanderolsen/libsamplerate-js'
import { decodeWav, encodeWav, loadAudio } from '@esc/audio-io'
import { decodeAudio } from '@esc/audio-io/node'
import { synthesizeEsc10 } from '@esc/dataset'
import { resample } from '@esc/dsp'
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis'
import { decode as decodeWithNodeWav } from 'node-wav'
import wavefile from 'wavefile'
import { type BenchRow, measure, type Peer } from './rows.js'

/** Cases of a synthetic clip, and of a real OGG clip if `ESC10_DIR` is set. */
export async function audioSuite(): Promise<BenchRow[]> {
  const clip = synthesizeEsc10({ clipsPerClass: 5 }).clipAt(0)
  const wav = encodeWav(clip)
  // This quality of its three promises what ours promises: 90 % of the band, and at least 100 dB.
  const { SRC_SINC_MEDIUM_QUALITY } = libsamplerate.ConverterType
  const converter = await libsamplerate.create(1, 44100, 22050, { converterType: SRC_SINC_MEDIUM_QUALITY })
  const rows: BenchRow[] = []
  const add = async (name: string, ours: () => unknown, peer: Peer, goalMs?: number) => {
    rows.push(await measure(name, ours, peer, { rounds: 25, goalMs }))
  }

  await add(
    'decode WAV, 16 bit, 44.1 kHz',
    () => decodeWav(wav),
    { name: 'node-wav', run: () => decodeWithNodeWav(wav) },
    0.5,
  )
  const readWithWavefile = () => new wavefile.WaveFile(wav).getSamples(false, Float64Array)
  await add(
    'decode WAV, 16 bit, 44.1 kHz',
    () => decodeWav(wav),
    { name: 'wavefile', run: readWithWavefile },
    0.5,
  )
  await add('resample 44.1 → 22.05 kHz', () => resample(clip.samples, 44100, 22050), {
    name: 'libsamplerate, medium',
    run: () => converter.full(clip.samples),
  })
  await add(
    'load WAV at 22.05 kHz',
    () => loadAudio(wav),
    {
      name: 'node-wav, libsamplerate',
      run: () => converter.full(decodeWithNodeWav(wav).channelData[0]!),
    },
    6,
  )
  const ogg = await realClip()
  if (ogg) {
    const decodeWithPackage = async () => {
      const decoder = new OggVorbisDecoder()
      await decoder.ready
      await decoder.decodeFile(ogg)
      decoder.free()
    }
    const peer = { name: '@wasm-audio-decoders/ogg-vorbis', run: decodeWithPackage }
    await add('decode OGG, real clip', () => decodeAudio(ogg), peer, 25)
  }
  converter.destroy()
  return rows
}

async function realClip(): Promise<Uint8Array | null> {
  const dir = process.env.ESC10_DIR
  if (dir === undefined) return null
  const [name] = (await readdir(join(dir, 'audio'))).filter((file) => file.endsWith('.ogg')).sort()
  return name === undefined ? null : new Uint8Array(await readFile(join(dir, 'audio', name)))
}
