import { createContext } from 'react';

/** The area of the navigation that the page belongs to; undefined outside the shell. */
export const AreaContext = createContext<string | undefined>(undefined);
