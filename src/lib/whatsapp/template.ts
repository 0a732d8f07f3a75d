/** An approved template message, which may be sent while the window is shut. */
export interface TemplateContent {
  readonly name: string;
  readonly languageCode: string;
  readonly header?: TemplateHeader | undefined;
  readonly placeholders?: readonly string[] | undefined;
}

type TemplateHeader =
  | { readonly type: 'TEXT'; readonly parameter: string }
  | {
      readonly type: 'IMAGE' | 'VIDEO' | 'DOCUMENT';
      readonly mediaUrl: string;
      readonly filename?: string | undefined;
    };
