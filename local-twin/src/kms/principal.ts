import { KmsException } from './kms-exception.ts';

/** An access key that the simulator knows. */
export interface KmsCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present for temporary credentials, which must then be sent with every request. */
  readonly sessionToken?: string;
  readonly expiresAtMs?: number;
  /** ARN of an IAM user or role: `arn:aws:iam::<account>:role/<name>`. */
  readonly principalArn: string;
}

/** Who signed a request. */
export interface Principal {
  /** IAM user or role. */
  readonly arn: string;
  /** What KMS calls the user in messages: the session of a role, `arn:aws:sts::<account>:assumed-role/<name>/<session>`. */
  readonly sessionArn: string;
  readonly accountId: string;
}

const PRINCIPAL = /^arn:(aws[a-z-]*):iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/;

/** Derives the principal of a credential; sessions are named after the access key. */
export function principalOf({ principalArn, accessKeyId }: KmsCredential): Principal {
  const [, partition, accountId, kind, name] = PRINCIPAL.exec(principalArn) ?? [];
  if (accountId === undefined)
    throw new KmsException(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  const session = `arn:${partition}:sts::${accountId}:assumed-role/${name}/${accessKeyId}`;
  return { arn: principalArn, sessionArn: kind === 'role' ? session : principalArn, accountId };
}
