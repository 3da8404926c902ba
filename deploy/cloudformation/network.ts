import { attribute, type Resource, ref, substitute } from './template.ts';

/** AWS services that the parent instance reaches, each through an interface in the VPC: there is no way to the internet. */
const INTERFACE_SERVICES = ['kms', 'sts', 'ssm', 'ssmmessages', 'ec2messages', 'logs'];

const zone = (index: number) => ({ 'Fn::Select': [index, { 'Fn::GetAZs': '' }] });
const block = (index: number) => ({ 'Fn::Select': [index, { 'Fn::Cidr': [ref('VpcCidr'), 4, 8] }] });

/** VPC with two private subnets, no gateway to the internet, and endpoints for the services in use. */
export function networkResources(): Record<string, Resource> {
  return {
    Vpc: {
      Type: 'AWS::EC2::VPC',
      Properties: { CidrBlock: ref('VpcCidr'), EnableDnsSupport: true, EnableDnsHostnames: true },
    },
    SubnetA: subnet(0),
    SubnetB: subnet(1),
    RouteTable: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: ref('Vpc') } },
    RouteA: association('SubnetA'),
    RouteB: association('SubnetB'),
    InstanceSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription:
          'Strongroom parent instances: the service from inside the VPC, out to the endpoints only',
        VpcId: ref('Vpc'),
        SecurityGroupIngress: [
          {
            IpProtocol: 'tcp',
            FromPort: 8787,
            ToPort: 8787,
            CidrIp: ref('VpcCidr'),
            Description: 'from the load balancer',
          },
        ],
        SecurityGroupEgress: [
          {
            IpProtocol: 'tcp',
            FromPort: 443,
            ToPort: 443,
            CidrIp: ref('VpcCidr'),
            Description: 'AWS services through the endpoints',
          },
          {
            IpProtocol: 'tcp',
            FromPort: 443,
            ToPort: 443,
            DestinationPrefixListId: ref('S3PrefixListId'),
            Description: 'releases and packages in S3, through the gateway endpoint',
          },
        ],
      },
    },
    EndpointSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Strongroom: the service endpoints, from the parent instances',
        VpcId: ref('Vpc'),
        SecurityGroupIngress: [
          {
            IpProtocol: 'tcp',
            FromPort: 443,
            ToPort: 443,
            SourceSecurityGroupId: attribute('InstanceSecurityGroup', 'GroupId'),
            Description: 'from the parent instances',
          },
        ],
      },
    },
    S3Endpoint: {
      Type: 'AWS::EC2::VPCEndpoint',
      Properties: {
        VpcId: ref('Vpc'),
        VpcEndpointType: 'Gateway',
        ServiceName: substitute('com.amazonaws.{AWS::Region}.s3'),
        RouteTableIds: [ref('RouteTable')],
      },
    },
    ...Object.fromEntries(
      INTERFACE_SERVICES.map((service) => [`${service}Endpoint`.replace(/^./, upper), endpoint(service)]),
    ),
  };
}

const upper = (letter: string) => letter.toUpperCase();

function subnet(index: number): Resource {
  return {
    Type: 'AWS::EC2::Subnet',
    Properties: {
      VpcId: ref('Vpc'),
      CidrBlock: block(index),
      AvailabilityZone: zone(index),
      MapPublicIpOnLaunch: false,
    },
  };
}

function association(name: string): Resource {
  return {
    Type: 'AWS::EC2::SubnetRouteTableAssociation',
    Properties: { SubnetId: ref(name), RouteTableId: ref('RouteTable') },
  };
}

function endpoint(service: string): Resource {
  return {
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      VpcId: ref('Vpc'),
      VpcEndpointType: 'Interface',
      ServiceName: substitute(`com.amazonaws.{AWS::Region}.${service}`),
      SubnetIds: [ref('SubnetA'), ref('SubnetB')],
      SecurityGroupIds: [attribute('EndpointSecurityGroup', 'GroupId')],
      PrivateDnsEnabled: true,
    },
  };
}
