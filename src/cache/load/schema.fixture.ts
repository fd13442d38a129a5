import type { StandardSchema } from '../../foundation/values/standard-schema.js';

/** A schema made of a function that answers the value, or throws what is wrong with it. */
export function schemaOf<Input, Output>(
  read: (value: Input) => Output,
  { isAsync = false, path = ['born'] as PropertyKey[] } = {},
): StandardSchema<Input, Output> & { readonly calls: unknown[] } {
  const calls: unknown[] = [];
  const validate = (value: unknown) => {
    calls.push(value);
    try {
      return { value: read(value as Input) };
    } catch (error) {
      if (error instanceof TypeError) throw error;
      return { issues: [{ message: String(error), path }] };
    }
  };
  return {
    calls,
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: isAsync ? async (value) => validate(value) : validate,
    },
  };
}

interface StoredPerson {
  readonly born: string;
  readonly role?: string;
}

interface Person {
  readonly born: Date;
  readonly role: string;
}

/** Reads a date from its text, and has a default. */
export const personSchema = (isAsync: boolean) =>
  schemaOf(
    (stored: StoredPerson | null): Person => {
      const { born, role = 'guest' } = stored ?? { born: 'nothing' };
      const date = new Date(born);
      if (typeof born !== 'string' || Number.isNaN(date.getTime())) throw new Error(`no date: ${born}`);
      return { born: date, role };
    },
    { isAsync },
  );
