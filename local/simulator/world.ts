import { type Callbacks, createCallbacks } from './callbacks.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { createFaults, type Faults } from './faults.ts';
import { createJournal, type Journal } from './journal.ts';
import { createSettings, type SettingsStore } from './settings.ts';
import { createWebhook, type Webhook } from './webhook.ts';

/** The simulator's whole state, shared by the gateway's paths and the control API. */
export type World = {
  settings: SettingsStore;
  conversation: Conversation;
  faults: Faults;
  journal: Journal;
  webhook: Webhook;
  callbacks: Callbacks;
  sandboxNumber: string;
  /** The simulator's own clock, shifted by `clockOffsetMs`. */
  now: () => Date;
  /** Aborted when the simulator closes. */
  signal: AbortSignal;
};

export type WorldOptions = {
  apiKey: string;
  webhookUrl: string | null;
  webhookHmacSecret: string | undefined;
  sandboxNumber: string;
  joinCode: string;
  signal: AbortSignal;
};

export function createWorld(options: WorldOptions): World {
  const { sandboxNumber, joinCode, signal } = options;
  const settings = createSettings(options);
  const now = (): Date => new Date(Date.now() + settings.current().clockOffsetMs);
  const webhook = createWebhook({
    url: () => settings.current().webhookUrl,
    hmacSecret: options.webhookHmacSecret,
    now,
    signal,
  });
  return {
    settings,
    conversation: createConversation({ now, sandboxNumber, joinCode }),
    faults: createFaults(),
    journal: createJournal({ now }),
    webhook,
    callbacks: createCallbacks({ webhook, settings: settings.current, now, signal }),
    sandboxNumber,
    now,
    signal,
  };
}
