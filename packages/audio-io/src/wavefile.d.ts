declare module 'wavefile/dist/wavefile.js' {
  const wavefile: typeof import('wavefile')
  export default wavefile
}
