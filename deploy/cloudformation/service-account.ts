import { networkResources } from './network.ts';
import {
  allow,
  attribute,
  type Parameter,
  type Resource,
  ref,
  substitute,
  type Template,
  trust,
} from './template.ts';

const SERVICE_PORT = 8787;

/** The service account: network, parent instance with an enclave, its role, load balancer. No key and no right to any key's policy. */
export function serviceAccountTemplate(): Template {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'Strongroom, service account: private network, parent instance with enclave support, its role, load balancer.',
    Parameters: parameters(),
    Resources: { ...networkResources(), ...instanceResources(), ...loadBalancerResources() },
    Outputs: {
      InstanceRoleArn: {
        Description: 'Parameter ServiceInstanceRoleArn of the key account stack',
        Value: attribute('InstanceRole', 'Arn'),
      },
      LoadBalancerName: {
        Description: 'Point the service name at it',
        Value: attribute('LoadBalancer', 'DNSName'),
      },
    },
  };
}

function parameters(): Record<string, Parameter> {
  return {
    VpcCidr: {
      Type: 'String',
      Description: 'Address range of the VPC, /16 to /22.',
      Default: '10.77.0.0/20',
    },
    S3PrefixListId: {
      Type: 'String',
      Description:
        'aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.<region>.s3',
      AllowedPattern: '^pl-[0-9a-f]+$',
    },
    ClientCidr: {
      Type: 'String',
      Description: 'Where the clients of the service are.',
      Default: '10.0.0.0/8',
    },
    CertificateArn: {
      Type: 'String',
      Description: 'ACM certificate of the service name.',
      AllowedPattern: '^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+$',
    },
    InstanceType: {
      Type: 'String',
      Description: 'Nitro, x86_64, at least 4 vCPUs: two go to the enclave.',
      Default: 'm6i.xlarge',
    },
    ImageId: {
      Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
      Description: 'Amazon Linux 2023',
      Default: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
    },
    ReleaseBucket: { Type: 'String', Description: 'Bucket with the release (make release).' },
    ReleaseKey: { Type: 'String', Description: 'Object with the release.', Default: 'strongroom.tar.gz' },
    EnclaveRoleArn: {
      Type: 'String',
      Description: 'Role of the key account that enclaves use; its ARN is known before it exists.',
      AllowedPattern: '^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$',
    },
  };
}

function instanceResources(): Record<string, Resource> {
  return {
    InstanceRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'strongroom-parent',
        AssumeRolePolicyDocument: trust({ Service: 'ec2.amazonaws.com' }),
        // Session Manager in place of SSH: no port is open for people.
        ManagedPolicyArns: [substitute('arn:{AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore')],
        Policies: [
          allow('AssumeEnclaveRole', ['sts:AssumeRole'], ref('EnclaveRoleArn')),
          allow(
            'ReadRelease',
            ['s3:GetObject'],
            substitute('arn:{AWS::Partition}:s3:::{ReleaseBucket}/{ReleaseKey}'),
          ),
        ],
      },
    },
    InstanceProfile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [ref('InstanceRole')] } },
    LaunchTemplate: {
      Type: 'AWS::EC2::LaunchTemplate',
      Properties: { LaunchTemplateData: launchData() },
    },
    Instance: {
      Type: 'AWS::EC2::Instance',
      Properties: {
        LaunchTemplate: {
          LaunchTemplateId: ref('LaunchTemplate'),
          Version: attribute('LaunchTemplate', 'LatestVersionNumber'),
        },
        SubnetId: ref('SubnetA'),
        SecurityGroupIds: [attribute('InstanceSecurityGroup', 'GroupId')],
        DisableApiTermination: true,
      },
    },
    // The two databases. Losing them loses every wallet: kept whatever happens to the stack, and to be backed up.
    DataVolume: {
      Type: 'AWS::EC2::Volume',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        AvailabilityZone: attribute('SubnetA', 'AvailabilityZone'),
        Size: 50,
        VolumeType: 'gp3',
        Encrypted: true,
        Tags: [{ Key: 'Name', Value: 'strongroom-data' }],
      },
    },
    DataAttachment: {
      Type: 'AWS::EC2::VolumeAttachment',
      Properties: { Device: '/dev/sdf', InstanceId: ref('Instance'), VolumeId: ref('DataVolume') },
    },
  };
}

function launchData(): object {
  return {
    ImageId: ref('ImageId'),
    InstanceType: ref('InstanceType'),
    IamInstanceProfile: { Arn: attribute('InstanceProfile', 'Arn') },
    EnclaveOptions: { Enabled: true },
    // One hop: nothing but the instance itself gets the role's credentials.
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    BlockDeviceMappings: [
      { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, VolumeType: 'gp3', Encrypted: true } },
    ],
    UserData: { 'Fn::Base64': substitute(USER_DATA) },
  };
}

/** Mounts the data volume, then installs the release, which brings everything else. */
const USER_DATA = `#!/bin/bash
set -euo pipefail
for try in $(seq 120); do [ -b /dev/sdf ] && break; sleep 1; done
blkid /dev/sdf >/dev/null || mkfs.xfs -q /dev/sdf
install -d -m 0700 /var/lib/strongroom
echo "/dev/sdf /var/lib/strongroom xfs defaults,nodev,nosuid,noexec 0 2" >> /etc/fstab
mount /var/lib/strongroom
mkdir -p /opt/strongroom.release
aws s3 cp "s3://{ReleaseBucket}/{ReleaseKey}" - | tar -xz -C /opt/strongroom.release
bash /opt/strongroom.release/deploy/parent/install /opt/strongroom.release
chown strongroom:strongroom /var/lib/strongroom
`;

function loadBalancerResources(): Record<string, Resource> {
  return {
    LoadBalancerSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Strongroom: the service, from its clients',
        VpcId: ref('Vpc'),
        SecurityGroupIngress: [
          {
            IpProtocol: 'tcp',
            FromPort: 443,
            ToPort: 443,
            CidrIp: ref('ClientCidr'),
            Description: 'clients',
          },
        ],
        SecurityGroupEgress: [
          {
            IpProtocol: 'tcp',
            FromPort: SERVICE_PORT,
            ToPort: SERVICE_PORT,
            CidrIp: ref('VpcCidr'),
            Description: 'parent instances',
          },
        ],
      },
    },
    LoadBalancer: {
      Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      Properties: {
        Type: 'network',
        Scheme: 'internal',
        Subnets: [ref('SubnetA'), ref('SubnetB')],
        SecurityGroups: [attribute('LoadBalancerSecurityGroup', 'GroupId')],
      },
    },
    Listener: {
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Properties: {
        LoadBalancerArn: ref('LoadBalancer'),
        Port: 443,
        Protocol: 'TLS',
        SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
        Certificates: [{ CertificateArn: ref('CertificateArn') }],
        DefaultActions: [{ Type: 'forward', TargetGroupArn: ref('TargetGroup') }],
      },
    },
    TargetGroup: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: {
        VpcId: ref('Vpc'),
        Port: SERVICE_PORT,
        Protocol: 'TCP',
        TargetType: 'instance',
        Targets: [{ Id: ref('Instance'), Port: SERVICE_PORT }],
      },
    },
  };
}
