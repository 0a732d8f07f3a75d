/**
 * The API under a domain of its own, if the stage's params set `domainName` and `certificateArn`. The DNS record is
 * yours: an alias or CNAME to the output `DomainTarget`. `serverless` loads this file into the stack's resources.
 */
module.exports = async ({ resolveVariable }) => {
  const [domainName, certificateArn] = await Promise.all(
    ['domainName', 'certificateArn'].map((name) => resolveVariable(`param:${name}`)),
  );
  if (!domainName) return {};
  if (!certificateArn) throw new Error('the param domainName needs the param certificateArn');
  const target = (attribute) => ({ 'Fn::GetAtt': ['Domain', attribute] });
  return {
    Resources: {
      Domain: {
        Type: 'AWS::ApiGatewayV2::DomainName',
        Properties: {
          DomainName: domainName,
          DomainNameConfigurations: [
            { CertificateArn: certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
          ],
        },
      },
      DomainMapping: {
        Type: 'AWS::ApiGatewayV2::ApiMapping',
        Properties: {
          ApiId: { Ref: 'HttpApi' },
          DomainName: { Ref: 'Domain' },
          Stage: { Ref: 'HttpApiStage' },
        },
      },
    },
    Outputs: {
      DomainUrl: { Description: 'The base URL under your own domain', Value: `https://${domainName}` },
      DomainTarget: {
        Description: 'Where the DNS record of your domain leads',
        Value: target('RegionalDomainName'),
      },
      DomainZoneId: {
        Description: 'The hosted zone of DomainTarget, for an alias record in Route 53',
        Value: target('RegionalHostedZoneId'),
      },
    },
  };
};
