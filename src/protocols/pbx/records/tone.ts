/** A sound that stands for a recorded call. Pure. */

const sampleRate = 8_000;
const bytesPerSample = 2;
const headerBytes = 44;
const toneHz = 440;
/** A tenth of full scale. */
const amplitude = 3_276;

/** Returns a WAV file (PCM, 8 kHz, 16 bit, mono) with a quiet tone. */
export function toneWav(seconds: number): Buffer {
  const samples = Math.round(seconds * sampleRate);
  const wav = Buffer.alloc(headerBytes + samples * bytesPerSample);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(sampleRate * bytesPerSample, 28);
  wav.writeUInt16LE(bytesPerSample, 32);
  wav.writeUInt16LE(8 * bytesPerSample, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples * bytesPerSample, 40);
  for (let at = 0; at < samples; at += 1) {
    const sample = Math.round(amplitude * Math.sin((2 * Math.PI * toneHz * at) / sampleRate));
    wav.writeInt16LE(sample, headerBytes + at * bytesPerSample);
  }
  return wav;
}
