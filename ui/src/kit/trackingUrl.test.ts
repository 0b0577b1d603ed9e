import { expect, test } from 'vitest';
import { trackingUrl } from './trackingUrl';

test.each([
  ['UPS', '1Z 999', 'https://3pl.example/t/1', 'https://3pl.example/t/1'],
  ['UPS', '1Z 999', '', 'https://www.ups.com/track?tracknum=1Z%20999'],
  ['FedEx Ground', '7712', '', 'https://www.fedex.com/fedextrack/?trknbr=7712'],
  ['USPS', '9400', '', 'https://tools.usps.com/go/TrackConfirmAction?tLabels=9400'],
  ['DHL Express', 'JD01', '', 'https://www.dhl.com/global-en/home/tracking.html?tracking-id=JD01'],
  ['Upstate Couriers', '12', '', ''],
  ['UPS', '', '', ''],
  ['UPS', '1Z', 'javascript:alert(1)', ''],
])('the tracking page of %s %s (%s)', (carrier, tracking_number, tracking_url, expected) => {
  expect(trackingUrl({ carrier, tracking_number, tracking_url })).toBe(expected);
});
