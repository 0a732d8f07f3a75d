/**
 * Words that the message and the operator share: number, key, id, name, customers. What stands beside them tells the
 * operator's trouble, which must not be final, from the message's own fault.
 */
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import { NOW } from '../../support/fakes/samples.ts';

const kindsOf = (message: string) =>
  [200, 400, 422].map((httpStatus) => {
    const body = { timestamp: null, data: null, status: 'error', message, errors: null };
    return readAnswer({ httpStatus, body: JSON.stringify(body) }, NOW).kind;
  });

describe('a refusal with a shared word', () => {
  it.each([
    'Phone number quality is red, messaging has been paused by Meta',
    'No available connection in pool',
    'Invalid subscription key',
    'This endpoint is only available to premium customers',
    'Sender ID LIPA is pending approval',
    'Number quality rating has dropped to red, sending is restricted',
    'WhatsApp number has been paused by Meta',
    'This phone number is flagged for low quality',
    'Sender name JUMBO awaiting approval',
    'Display name KIVULI has not been approved yet',
    'Business phone number must be re-verified',
    'Number migration in progress',
    'Your phone number is no longer connected to the platform',
    'Phone number needs two-step verification PIN before use',
    'No free connection to serve this message',
    'Connection pool size exceeded',
    'Unknown subscription key',
    'Consumer key not found',
    'Consumer key and secret do not match',
    'Merchant ID is not active',
    'Client ID not recognised',
    'Partner ID 4471 is unknown',
    'Customers on the free plan cannot use this endpoint',
    'Feature reserved for enterprise customers',
    'Upgrade to a premium package to send flow messages',
    'Tenant ID could not be resolved',
    'No healthy upstream for media service',
    'Short code 22334 has been deactivated by the operator',
    'Customer contract has lapsed',
    'Message sending paused pending compliance review',
    'Messaging limit for this phone number has been lowered by Meta',
    'Number is on hold until Meta finishes its review',
    'Sending number not mapped to any tenant',
    'Name of the business is under review',
    'Access key not linked to a merchant',
    'All connections are in use',
    'Too few connections left to process the message',
    'Invalid app secret',
    'Only verified customers may call this resource',
    'Only enterprise customers have access to flows',
    'Upgrade your package to message customers',
    'Reseller code not recognised',
    'Phone number ID does not exist',
    'The number is being ported to another provider',
    'Number subscription lapsed',
    'Message could not be billed to your account',
    'Sender mask MAJI not whitelisted',
    'WhatsApp line is offline',
    'API token belongs to another customer account',
    'Message cost is above the wallet limit',
  ])('is not final beside what only the operator has: %s', (message) => {
    for (const kind of kindsOf(message)) expect(['credentials', 'misconfigured']).toContain(kind);
  });

  it.each([
    'Phone number 254711223344 is invalid',
    'Number 25470000 is too short',
    'Recipient number must include the country code',
    'Recipient number is of poor quality and was skipped',
    'Unknown key premium in data',
    'data.plan must be one of the listed values',
    'Template key subscription_end has no translation',
    'Flow id 8812 is not connected to an endpoint',
    'Flow id does not exist for this business',
    'Placeholder 3 has no value',
    'Template is pending approval by Meta',
    'Template has been paused by Meta',
    'Template quality is red, it was paused',
    'Flow was blocked by Meta because of low quality',
    'Screen PREMIUM is not part of the flow',
    'The customer is not on WhatsApp',
    'Customer number is not a WhatsApp number',
    'Media id 99 has expired',
    'Button id is longer than 256 characters',
    'to is not a phone number',
    'Header image quality is too low',
    'messageId must be unique',
    'Key "name" is missing from data',
    'Number of body values is 2, expected 3',
    'Customer 254733000111 cannot be reached',
    'Number 0712345678 not in international format',
    'Invalid id for option 2',
    'Phone is wrong',
    'Wrong number',
    'Name is too long',
    'Unknown key: plan',
    'Key balance missing',
    'Account name contains line breaks',
    'Invalid company name',
    'Merchant name too long',
    'Number of the customer is not reachable',
    'Your message was rejected',
    'Your message could not be delivered',
    'Message not delivered to the handset',
    'This phone number does not use WhatsApp',
    'Phone number belongs to a landline',
    'Option id duplicated',
    'Message blocked by spam filter',
    'Number is barred by the carrier',
    'You cannot message this number',
  ])('is final beside a part or a value of the message: %s', (message) => {
    expect(kindsOf(message)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
