import { bareName, wordIn } from './fields.ts';

/*
 * What LipaFlow does with each type and event of WhatsApp's webhooks. One rule: what a customer does to reach this business
 * opens the window (Meta: "messages you or calls you"); notifications about people, messages, groups and accounts don't.
 * `event-texts.ts` describes each and names its source, and docs/callbacks.md shows both.
 */

/** How an entry is read. */
export type ReadAs =
  /** Opens the window. */
  | 'inbound'
  /** Says STOP or START in WhatsApp's settings. */
  | 'preference'
  /** Moves a person. */
  | 'moved'
  | 'status'
  | 'template'
  /** Has no effect. */
  | 'notice';

/** Types of an entry in `messages`. A type that is not listed is new: it opens the window, and its name is kept. */
export const MESSAGE_TYPES = {
  text: 'inbound',
  image: 'inbound',
  video: 'inbound',
  audio: 'inbound',
  voice: 'inbound',
  document: 'inbound',
  sticker: 'inbound',
  location: 'inbound',
  contact: 'inbound',
  contacts: 'inbound',
  interactive: 'inbound',
  button_reply: 'inbound',
  list_reply: 'inbound',
  button: 'inbound',
  order: 'inbound',
  flow: 'inbound',
  nfm_reply: 'inbound',
  flow_reply: 'inbound',
  flow_response: 'inbound',
  // Unproven: Meta's page does not say that they open it.
  reaction: 'notice',
  // `system` is read by its own type.
  system: 'notice',
  unsupported: 'notice',
  unknown: 'notice',
  ephemeral: 'notice',
  request_welcome: 'notice',
  edit: 'notice',
  revoke: 'notice',
} as const satisfies Record<string, ReadAs>;

/** Types inside `system`. Any other is a notice. */
export const SYSTEM_TYPES = {
  user_changed_number: 'moved',
  customer_changed_number: 'moved',
  user_changed_user_id: 'moved',
  customer_identity_changed: 'notice',
  user_identity_changed: 'notice',
} as const satisfies Record<string, ReadAs>;

/** The fields of a change. `messages`: its lists are read entry by entry. */
export const WEBHOOK_FIELDS = {
  messages: 'messages',
  standby: 'messages',
  calls: 'messages',
  user_preferences: 'messages',
  user_id_update: 'messages',
  message_template_status_update: 'template',
  message_template_quality_update: 'notice',
  message_template_components_update: 'notice',
  template_category_update: 'notice',
  template_correct_category_detection: 'notice',
  message_echoes: 'notice',
  smb_message_echoes: 'notice',
  smb_app_state_sync: 'notice',
  history: 'notice',
  contacts: 'notice',
  account_update: 'notice',
  account_alerts: 'notice',
  account_review_update: 'notice',
  account_settings_update: 'notice',
  phone_number_name_update: 'notice',
  phone_number_quality_update: 'notice',
  business_capability_update: 'notice',
  business_status_update: 'notice',
  business_username_update: 'notice',
  security: 'notice',
  flows: 'notice',
  partner_solutions: 'notice',
  payment_configuration_update: 'notice',
  automatic_events: 'notice',
  tracking_events: 'notice',
  messaging_handovers: 'notice',
  group_lifecycle_update: 'notice',
  group_participants_update: 'notice',
  group_settings_update: 'notice',
  group_status_update: 'notice',
} as const satisfies Record<string, 'messages' | 'template' | 'notice'>;

/** Members of a value that say what it is where no field does. */
export const VALUE_MEMBERS = {
  message_echoes: 'message_echoes',
  history: 'history',
  state_sync: 'smb_app_state_sync',
  groups: 'group_lifecycle_update',
  automatic_events: 'automatic_events',
  tracking_events: 'tracking_events',
  messaging_handovers: 'messaging_handovers',
  errors: 'errors',
  contacts: 'contacts',
} as const;

const messageTypes = new Map<string, ReadAs>(Object.entries(MESSAGE_TYPES));
const systemTypes = new Map<string, ReadAs>(Object.entries(SYSTEM_TYPES));
const webhookFields = new Map<string, 'messages' | 'template' | 'notice'>(Object.entries(WEBHOOK_FIELDS));
const bareTypes = new Map(Object.keys(MESSAGE_TYPES).map((type) => [bareName(type), type]));

/** A type's name in the table, from any spelling: `ButtonReply` is `button_reply`. */
export function messageTypeIn(value: unknown): string | undefined {
  const word = wordIn(value);
  return word && (bareTypes.get(bareName(word)) ?? word);
}

export const readMessageAs = (type: string) => messageTypes.get(type);
export const readSystemAs = (type: string | undefined): ReadAs => systemTypes.get(type ?? '') ?? 'notice';
export const readFieldAs = (field: string | undefined) => webhookFields.get(field ?? '');
