// build.mjs puts the module into the bundle: deflated, in base64.
declare module '*.wasm' {
  const text: string;
  export default text;
}
