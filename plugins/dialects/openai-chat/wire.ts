/** This dialect's name in the model. */
export const name = 'openai-chat';
