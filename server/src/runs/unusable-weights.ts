/** The trained file cannot be served; the message says what is wrong with it. */
export class UnusableWeights extends Error {}
