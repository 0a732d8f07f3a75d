import type { MESSAGE_TYPES, SYSTEM_TYPES, WEBHOOK_FIELDS } from './event-kinds.ts';
import type { STATUS_WORDS } from './status-words.ts';

/*
 * Describes each type and event of WhatsApp's webhooks, with its source, for docs/callbacks.md. No function loads this file.
 * What LipaFlow does with each is in `event-kinds.ts` and `status-words.ts`.
 */

/** The day on which the rows were compared with their sources. */
export const EVENTS_CHECKED_ON = '2026-11-27';

const META = 'https://developers.facebook.com/documentation/business-messaging/whatsapp';

/** `Meta` with a path is a page below `webhooks/reference/` there. */
export const EVENT_SOURCES = {
  Meta: `Meta's webhook reference, ${META}/webhooks/reference`,
  Window: `Meta's page on service messages, ${META}/messages/send-messages`,
  Groups: `Meta's pages on groups, ${META}/groups`,
  Flows: `Meta's pages on flows, ${META}/flows`,
  Changelog: `Meta's changelog, ${META}/changelog`,
  LipaChat: 'https://docs.lipachat.com, and public code that uses LipaChat',
  SDK: 'second hand: the tests of a client library, August 2026 (david-lev/pywa, tests/data/updates)',
} as const;

interface EventText {
  readonly what: string;
  /** Names in `EVENT_SOURCES`, with the page. */
  readonly source: string;
  /** How the customer says STOP or START with it. */
  readonly says?: 'typed' | 'chosen';
}

type Texts<T> = Readonly<Record<keyof T, EventText>>;

export const MESSAGE_TEXTS: Texts<typeof MESSAGE_TYPES> = {
  text: { what: 'A text', source: 'Meta messages/text', says: 'typed' },
  image: { what: 'A picture', source: 'Meta messages/image' },
  video: { what: 'A video', source: 'Meta messages/video' },
  audio: { what: 'A sound, or a voice message', source: 'Meta messages/audio' },
  voice: { what: 'A voice message, by an older name', source: 'SDK' },
  document: { what: 'A file', source: 'Meta messages/document' },
  sticker: { what: 'A sticker', source: 'Meta messages/sticker' },
  location: { what: 'A place', source: 'Meta messages/location' },
  contact: { what: 'A contact card, in LipaChat’s shape', source: 'LipaChat' },
  contacts: { what: 'Contact cards, or the customer’s own number', source: 'Meta messages/contacts' },
  interactive: {
    what: 'A button, a row, a flow reply or a permission to call. A permission that WhatsApp grants by itself opens nothing',
    source: 'Meta messages/interactive',
    says: 'chosen',
  },
  button_reply: { what: 'A button, in LipaChat’s shape', source: 'LipaChat', says: 'chosen' },
  list_reply: { what: 'A row of a list, in LipaChat’s shape', source: 'LipaChat', says: 'chosen' },
  button: { what: 'A button of a template', source: 'Meta messages/button', says: 'chosen' },
  order: { what: 'An order from a catalogue', source: 'Meta messages/order' },
  flow: { what: 'A flow reply, in a shape that LipaChat may use', source: 'LipaChat' },
  nfm_reply: { what: 'A flow reply, in a shape that LipaChat may use', source: 'LipaChat' },
  flow_reply: { what: 'A flow reply, in a shape that LipaChat may use', source: 'LipaChat' },
  flow_response: { what: 'A flow reply, in a shape that LipaChat may use', source: 'LipaChat' },
  reaction: {
    what: 'An emoji on a message. Meta does not say that it opens the window, so it opens none; no setting changes that',
    source: 'Meta messages/reaction',
  },
  system: { what: 'A change to a customer: see the types below', source: 'Meta messages/system' },
  unsupported: { what: 'Content that the API doesn’t deliver', source: 'Meta messages/unsupported' },
  unknown: { what: '`unsupported`, by its older name', source: 'Meta messages/unsupported' },
  ephemeral: { what: 'A disappearing message, without its content', source: 'Meta messages/unsupported' },
  request_welcome: {
    what: 'A customer opened the chat for the first time and has written nothing',
    source: 'Meta messages',
  },
  edit: {
    what: 'A customer changed an earlier message. It opens nothing, and its new text does not count as a STOP',
    source: 'Meta messages/edit',
  },
  revoke: { what: 'A customer deleted a message', source: 'Meta messages/revoke' },
};

export const SYSTEM_TEXTS: Texts<typeof SYSTEM_TYPES> = {
  user_changed_number: {
    what: 'A customer changed the number, and with it the user id',
    source: 'Meta messages/system',
  },
  customer_changed_number: { what: 'The same, by an older name', source: 'SDK' },
  user_changed_user_id: { what: 'A customer has another user id', source: 'Changelog' },
  customer_identity_changed: { what: 'A customer’s security code changed', source: 'Meta messages/system' },
  user_identity_changed: { what: 'The same, by another name', source: 'SDK' },
};

export const FIELD_TEXTS: Texts<typeof WEBHOOK_FIELDS> = {
  messages: { what: 'Messages and statuses, each by its own row', source: 'Meta messages' },
  standby: {
    what: 'The same while another agent answers: the window belongs to the number',
    source: 'Meta standby',
  },
  calls: {
    what: 'Calls. Only a call that the customer places opens the window, answered or not',
    source: 'Window',
  },
  user_preferences: {
    what: 'Marketing messages stopped or resumed in WhatsApp’s settings. `signup` has no effect',
    source: 'Meta user_preferences',
    says: 'chosen',
  },
  user_id_update: {
    what: 'A customer has another user id: the event that providers sent before `system`',
    source: 'Changelog',
  },
  message_template_status_update: {
    what: 'WhatsApp’s verdict on a template',
    source: 'Meta message_template_status_update',
  },
  message_template_quality_update: {
    what: 'A template’s quality changed',
    source: 'Meta message_template_quality_update',
  },
  message_template_components_update: {
    what: 'A template’s text changed',
    source: 'Meta message_template_components_update',
  },
  template_category_update: {
    what: 'A template’s category changed',
    source: 'Meta template_category_update',
  },
  template_correct_category_detection: {
    what: 'A template’s category will change',
    source: 'Meta template_category_update',
  },
  message_echoes: { what: 'Messages that the business sent through another channel', source: 'Meta standby' },
  smb_message_echoes: {
    what: 'Messages that the business sent from its phone',
    source: 'Meta smb_message_echoes',
  },
  smb_app_state_sync: { what: 'Contacts on the business’s phone', source: 'Meta smb_app_state_sync' },
  history: { what: 'The message history of the business’s phone', source: 'Meta history' },
  contacts: {
    what: 'Contact details. A number and a user id of one person are joined',
    source: 'Meta messages',
  },
  account_update: { what: 'The account’s state, terms or partners', source: 'Meta account_update' },
  account_alerts: {
    what: 'An alert about a limit, a profile or an official account',
    source: 'Meta account_alerts',
  },
  account_review_update: { what: 'The account was reviewed', source: 'Meta account_review_update' },
  account_settings_update: { what: 'A setting of a number changed', source: 'Meta' },
  phone_number_name_update: { what: 'A display name was reviewed', source: 'Meta phone_number_name_update' },
  phone_number_quality_update: {
    what: 'A number’s throughput or quality changed',
    source: 'Meta phone_number_quality_update',
  },
  business_capability_update: {
    what: 'The limits of the business changed',
    source: 'Meta business_capability_update',
  },
  business_status_update: { what: 'The business’s state changed', source: 'Meta' },
  business_username_update: { what: 'A user name of the business changed', source: 'Meta' },
  security: { what: 'The PIN of a number changed', source: 'Meta security' },
  flows: { what: 'A flow’s state, or the health of its endpoint', source: 'Flows' },
  partner_solutions: { what: 'A partner’s solution changed', source: 'Meta partner_solutions' },
  payment_configuration_update: { what: 'A way to pay changed', source: 'Meta payment_configuration_update' },
  automatic_events: {
    what: 'A purchase or a lead that WhatsApp detected in a chat',
    source: 'Meta automatic_events',
  },
  tracking_events: { what: 'Figures about marketing messages', source: 'Meta' },
  messaging_handovers: { what: 'Another agent takes over a chat', source: 'Meta standby' },
  group_lifecycle_update: { what: 'A group was made or deleted', source: 'Groups' },
  group_participants_update: { what: 'The members of a group changed', source: 'Groups' },
  group_settings_update: { what: 'A group’s name, picture or rules', source: 'Groups' },
  group_status_update: { what: 'A group was suspended or restored', source: 'Groups' },
};

export const STATUS_TEXTS: Texts<typeof STATUS_WORDS> = {
  sent: { what: 'WhatsApp has it', source: 'Meta messages/status' },
  delivered: { what: 'The customer’s phone has it', source: 'Meta messages/status' },
  read: { what: 'The customer saw it', source: 'Meta messages/status' },
  failed: {
    what: 'It won’t arrive. Any other word of failure counts as this one: UNDELIVERED, REJECTED, EXPIRED …',
    source: 'Meta messages/status',
  },
  played: { what: 'The customer played a voice message', source: 'SDK' },
  seen: { what: '`read`, by another name', source: 'LipaChat' },
  viewed: { what: '`read`, by another name', source: 'LipaChat' },
  accepted: { what: 'Not sent yet', source: 'Meta messages/status' },
  queued: { what: 'Not sent yet', source: 'LipaChat' },
  pending: { what: 'Not sent yet', source: 'LipaChat' },
  submitted: { what: 'Not sent yet', source: 'LipaChat' },
  scheduled: { what: 'Not sent yet', source: 'LipaChat' },
  processing: { what: 'Not sent yet', source: 'LipaChat' },
  sending: { what: 'Not sent yet', source: 'LipaChat' },
  held_for_quality_assessment: {
    what: 'A template message that WhatsApp holds back',
    source: 'Meta messages/status',
  },
  paused: { what: 'A template message that WhatsApp holds back', source: 'Meta messages/status' },
  deleted: { what: 'The customer deleted it', source: 'SDK' },
  warning: { what: 'A product in the message is not available', source: 'SDK' },
};
