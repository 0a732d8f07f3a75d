/** A call to the AWS stand-in and its response, as on the wire. */
export type AwsCall = { headers: Record<string, string | string[] | undefined>; body: Buffer };
export type AwsAnswer = { status: number; headers: Record<string, string>; body: string };
