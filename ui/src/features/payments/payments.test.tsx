import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { orders, paymentRows, payments } from '@tests/fixtures.mjs';
import { refundProblem } from './RefundDialog';
import PaymentsCard from './PaymentsCard';
import PaymentsPage from './PaymentsPage';
import { mockServer, renderPage } from '@tests/harness';

const order = orders[0]!;
const path = `/api/v1/orders/${order.id}/payments`;

describe('payments', () => {
  test('an amount must be above zero and at most what may be refunded', () => {
    expect(refundProblem('', '30.00')).toBe('Enter an amount above zero');
    expect(refundProblem('0', '30.00')).toBe('Enter an amount above zero');
    expect(refundProblem('30.01', '30.00')).toBe('More than may be refunded');
    expect(refundProblem('30', '30.00')).toBeUndefined();
  });
});
