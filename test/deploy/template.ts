/** The template that was packaged last, as CloudFormation gets it. */
import { readFileSync } from 'node:fs';
import type { System } from './system.ts';

export const TEMPLATE = '.serverless/cloudformation-template-update-stack.json';

type Resource = { Type: string; Properties: Record<string, unknown> };
export type Template = { Resources: Record<string, Resource> };

export const templateOf = ({ service }: Pick<System, 'service'>): Template =>
  JSON.parse(readFileSync(service.path(TEMPLATE), 'utf8')) as Template;
