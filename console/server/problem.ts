import { STATUS_CODES } from 'node:http';

/** An answer that is an error (RFC 9457), in words for whoever looks at the page. */
export class Problem extends Error {
  readonly status: number;
  /** the parameter that is wrong */
  readonly field: string | undefined;

  constructor(status: number, detail: string, field?: string) {
    super(detail);
    this.status = status;
    this.field = field;
  }

  toJson(): object {
    return {
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
    };
  }
}
