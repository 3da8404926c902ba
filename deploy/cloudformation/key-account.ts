import { type PolicyStatement, renderKeyPolicy } from '../../enclave-app/src/kms/key-policy.ts';
import { attribute, ref, type Template, trust } from './template.ts';

/** Stands for the administrator's ARN while the template's own renderer fills in the policy. */
const ADMINISTRATOR = 'arn:aws:iam::000000000000:role/administrator';

/** Statements of the measured template that admit nobody: management by the administrator, and the denial of every way around. */
const CLOSED_STATEMENTS = ['AdministratorManagesThePolicy', 'NobodyMakesOrSharesCiphertexts'];

/**
 * The key account: key, its administrator, and the role with whose credentials enclaves call KMS.
 * PutKeyPolicy and GetKeyPolicy work within the key's own account only, so all three are in one account, and nobody of the
 * service's account may assume the administrator.
 */
export function keyAccountTemplate(): Template {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'Strongroom, key account: KMS key that admits nobody yet, its administrator, the role that enclaves use.',
    Parameters: {
      ServiceInstanceRoleArn: {
        Type: 'String',
        Description:
          'Role of the parent instances in the service account (output InstanceRoleArn of the service stack).',
        AllowedPattern: '^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$',
      },
      AdministratorPrincipalArn: {
        Type: 'String',
        Description:
          'Who may assume the administrator role, with multi-factor authentication. Never a principal of the service account.',
        AllowedPattern: '^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$',
      },
    },
    Resources: {
      AdministratorRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'strongroom-key-administrator',
          Description:
            'May change the policy of the Strongroom key, and nothing else. Admits images, and so has every wallet.',
          MaxSessionDuration: 3600,
          AssumeRolePolicyDocument: trust(
            { AWS: ref('AdministratorPrincipalArn') },
            { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
          ),
        },
      },
      EnclaveRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'strongroom-enclave',
          Description:
            'Parent instances assume it and hand its credentials to the enclave. The key policy alone gives it anything.',
          MaxSessionDuration: 3600,
          AssumeRolePolicyDocument: trust({ AWS: ref('ServiceInstanceRoleArn') }),
        },
      },
      Key: {
        Type: 'AWS::KMS::Key',
        // From here on only the administrator can change or delete the key: CloudFormation must not try.
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        DependsOn: ['EnclaveRole'],
        Properties: {
          Description: 'Strongroom root key wrapping',
          KeySpec: 'SYMMETRIC_DEFAULT',
          KeyUsage: 'ENCRYPT_DECRYPT',
          MultiRegion: false,
          // KMS rotates the HSM material behind the same key; old ciphertexts stay readable.
          EnableKeyRotation: true,
          PendingWindowInDays: 30,
          // The creator of this stack is not the administrator and is to keep no access.
          BypassPolicyLockoutSafetyCheck: true,
          KeyPolicy: closedKeyPolicy(),
        },
      },
    },
    Outputs: {
      KeyArn: { Description: 'kms.keys[].arn of the measured configuration', Value: attribute('Key', 'Arn') },
      EnclaveRoleArn: {
        Description: 'kms.instanceRole of the measured configuration',
        Value: attribute('EnclaveRole', 'Arn'),
      },
      AdministratorRoleArn: {
        Description: 'kms.administrator of the measured configuration',
        Value: attribute('AdministratorRole', 'Arn'),
      },
    },
  };
}

function closedKeyPolicy(): object {
  const policy = renderKeyPolicy({
    instanceRole: ADMINISTRATOR,
    administrator: ADMINISTRATOR,
    images: [],
    state: 'operational',
  });
  const statements = policy.Statement.filter((statement) => CLOSED_STATEMENTS.includes(statement.Sid)).map(
    named,
  );
  if (statements.length !== CLOSED_STATEMENTS.length)
    throw new Error('the key policy template has lost a statement');
  return { ...policy, Statement: statements };
}

function named(statement: PolicyStatement): object {
  return statement.Principal === '*'
    ? statement
    : { ...statement, Principal: { AWS: attribute('AdministratorRole', 'Arn') } };
}
