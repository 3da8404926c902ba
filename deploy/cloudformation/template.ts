/** The parts of a CloudFormation template that we use. */
export interface Template {
  readonly AWSTemplateFormatVersion: '2010-09-09';
  readonly Description: string;
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Description: string; readonly Value: unknown }>>;
}

export interface Parameter {
  readonly Type: string;
  readonly Description: string;
  readonly Default?: string;
  readonly AllowedPattern?: string;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: 'Retain';
  readonly UpdateReplacePolicy?: 'Retain';
}

export const ref = (name: string) => ({ Ref: name });
export const attribute = (name: string, of: string) => ({ 'Fn::GetAtt': [name, of] });
/** Fn::Sub; a placeholder is written {Name}. */
export const substitute = (text: string) => ({
  'Fn::Sub': text.replace(/\{([\w:]+)\}/g, (_match, name) => `\${${name}}`),
});

/** A trust policy that lets one principal assume a role. */
export function trust(
  principal: Readonly<Record<string, unknown>>,
  condition?: Readonly<Record<string, unknown>>,
) {
  const statement = { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' };
  return {
    Version: '2012-10-17',
    Statement: [condition ? { ...statement, Condition: condition } : statement],
  };
}

/** An inline policy of one statement. */
export function allow(name: string, actions: readonly string[], resource: unknown) {
  return {
    PolicyName: name,
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: actions, Resource: resource }],
    },
  };
}
