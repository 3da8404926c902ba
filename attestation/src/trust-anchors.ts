import { AttestationError, assertThat } from './attestation-error.ts';
import { type Bytes, decodeBase64, encodeHex, isBytes, sha256 } from './bytes.ts';

/** A root certificate that documents may chain to, and what a result says of it. */
export interface TrustAnchor {
  readonly trust: Trust;
  readonly der: Bytes;
}

/** On whose word a document was believed. */
export type Trust = AwsPartition | 'custom-root';
/** `aws`: commercial Regions. `aws-us-gov`: GovCloud, which has a root of its own and is never accepted unasked. */
export type AwsPartition = 'aws' | 'aws-us-gov';

interface BuiltInRoot {
  readonly derBase64: string;
  /** SHA-256 of the DER as AWS publishes it. */
  readonly fingerprint: string;
}

/** https://docs.aws.amazon.com/enclaves/latest/user/verify-root.html; CN=aws.nitro-enclaves, 2019-10-28 to 2049-10-28. */
const AWS: BuiltInRoot = {
  derBase64:
    'MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTELMAkGA1UEBhMCVVMxDzANBgNVBAoMBkFtYXpv' +
    'bjEMMAoGA1UECwwDQVdTMRswGQYDVQQDDBJhd3Mubml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4MTQyODA1' +
    'WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9uMQwwCgYDVQQLDANBV1MxGzAZBgNVBAMMEmF3cy5uaXRyby1lbmNsYXZl' +
    'czB2MBAGByqGSM49AgEGBSuBBAAiA2IABPwCVOumCMHzaHDimtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb48C8WBoyt7F2Bw7e' +
    'EtaaP+ohG2bnUs990d0JX28TcPQXCEPZ3BABIeTPYwEoCWZEh8l5YoQwTcU/9KNCMEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4E' +
    'FgQUkCW1DdkFR+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMDA2kAMGYCMQCjfy+Rocm9Xue4YnwWmNJV' +
    'A44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPWrfMCMQCi85sWBbJwKKXdS6BptQFuZbT73o/gBh1qUxl/nNr12UO8Yfwr6wPL' +
    'b+6NIwLz3/Y=',
  fingerprint: '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b',
};

/** AWS GovCloud (US) User Guide, Amazon EC2; CN=aws-us-gov.nitro-enclaves, until 2050-09-10. */
const AWS_US_GOV: BuiltInRoot = {
  derBase64:
    'MIICIDCCAaWgAwIBAgIQP+wUYfyWFFRko9PR00zhZzAKBggqhkjOPQQDAzBQMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9u' +
    'MQwwCgYDVQQLDANBV1MxIjAgBgNVBAMMGWF3cy11cy1nb3Yubml0cm8tZW5jbGF2ZXMwIBcNMjAwOTEwMTIwMzQ2WhgPMjA1MDA5' +
    'MTAxMzAzNDZaMFAxCzAJBgNVBAYTAlVTMQ8wDQYDVQQKDAZBbWF6b24xDDAKBgNVBAsMA0FXUzEiMCAGA1UEAwwZYXdzLXVzLWdv' +
    'di5uaXRyby1lbmNsYXZlczB2MBAGByqGSM49AgEGBSuBBAAiA2IABCzkRJcZVx7Sg2yXXkl0Nqj9o1ECZNAh0L8/90ATZXAaS1rx' +
    'A1ti1F3wE86PGsh2UiQIYXiMu81l5kO7775gPuLsgYcGMO/J0t08BHI8s3+JmjxTlA+/UyAqEmj7fD5CbKNCMEAwDwYDVR0TAQH/' +
    'BAUwAwEB/zAdBgNVHQ4EFgQUUKIzFk2FAlhihuQexsqOxZ5ZjF0wDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMDA2kAMGYCMQD9' +
    'bO9epcf5kMSdsHcyNJXs4bo07wvTIOwnxN41t5eESDyXtUei++RebAbI9Viap2gCMQC7PVZ6Kpg0+N9k+DDpksoJv7gx6YwCqKsm' +
    'TfU/WigyQlpyJUrWapqk0afDA4lef14=',
  fingerprint: '20bcd30a3e168ea03789e1c45912bc123c4de3c977b8a6e1c125c7929d668b3b',
};

/**
 * Opens a root certificate that ships with this library.
 * @throws ANCHOR_FINGERPRINT when its bytes do not have the published fingerprint
 */
export async function openBuiltInRoot(
  trust: AwsPartition,
  { derBase64, fingerprint }: BuiltInRoot,
): Promise<TrustAnchor> {
  const der = decodeBase64(derBase64);
  if (der === null || encodeHex(await sha256(der)) !== fingerprint)
    throw new AttestationError('ANCHOR_FINGERPRINT');
  return { trust, der };
}

// Begun when this module is loaded, so that a damaged copy fails the process that loads it and not its first customer.
const ANCHORS: Readonly<Record<AwsPartition, Promise<TrustAnchor>>> = {
  aws: openBuiltInRoot('aws', AWS),
  'aws-us-gov': openBuiltInRoot('aws-us-gov', AWS_US_GOV),
};

/** @throws POLICY_ROOT for any name but the two; another root has an entry point of its own */
export async function awsTrustAnchor(partition: AwsPartition): Promise<TrustAnchor> {
  assertThat(Object.hasOwn(ANCHORS, partition), 'POLICY_ROOT');
  return ANCHORS[partition];
}

const MAX_ROOT_BYTES = 1024;

/** A root certificate that is not AWS's, in DER. @throws POLICY_ROOT when it is not 1 to 1024 bytes */
export function customTrustAnchor(rootDer: Uint8Array): TrustAnchor {
  assertThat(isBytes(rootDer) && rootDer.length > 0 && rootDer.length <= MAX_ROOT_BYTES, 'POLICY_ROOT');
  return { trust: 'custom-root', der: Uint8Array.from(rootDer) };
}
