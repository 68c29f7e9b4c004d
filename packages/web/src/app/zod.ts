// Before any schema is made: zod would try whether it may compile code, which the page's security policy forbids and reports.

import { z } from 'zod';

z.config({ jitless: true });
