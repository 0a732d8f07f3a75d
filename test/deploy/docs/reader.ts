/** The apiKey that the reader got from LipaChat. */
export const API_KEY = 'k3y-of-the-reader-7d2f61';
