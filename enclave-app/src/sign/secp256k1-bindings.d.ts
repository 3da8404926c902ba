declare module 'secp256k1/bindings.js' {
  interface Secp256k1 {
    privateKeyVerify(secretKey: Uint8Array): boolean;
    publicKeyCreate(secretKey: Uint8Array, compressed: boolean): Uint8Array;
    ecdsaSign(
      digest: Uint8Array,
      secretKey: Uint8Array,
    ): { readonly signature: Uint8Array; readonly recid: number };
  }
  const secp256k1: Secp256k1;
  // biome-ignore lint/style/noDefaultExport: the shape of a CommonJS package
  export default secp256k1;
}
