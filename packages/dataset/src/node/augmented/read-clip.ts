/** Reads a sound file as a clip of one channel. */
import { readFile } from 'node:fs/promises'
import { toMono } from '@esc/audio-io'
import { decodeAudio } from '@esc/audio-io/node'
import type { AudioClip } from '@esc/core'
import { onDisk } from '@esc/core/node'

/** @throws EscError IO naming the path; the decoder's errors. */
export async function readClip(path: string, tolerant: boolean): Promise<AudioClip> {
  const bytes = await onDisk('read', path, readFile(path))
  const { channels, sampleRate } = await decodeAudio(bytes, { tolerant })
  return { samples: toMono(channels), sampleRate }
}
