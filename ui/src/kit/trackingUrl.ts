/** Tracking pages of carriers, by the beginning of the carrier's name in lower case. `{}` is the tracking number. */
const pages: readonly (readonly [string, string])[] = [
  ['ups', 'https://www.ups.com/track?tracknum={}'],
  ['fedex', 'https://www.fedex.com/fedextrack/?trknbr={}'],
  ['usps', 'https://tools.usps.com/go/TrackConfirmAction?tLabels={}'],
  ['dhl', 'https://www.dhl.com/global-en/home/tracking.html?tracking-id={}'],
];

/** The address of a parcel's tracking page: the one its fulfiller gave, else that of a known carrier; empty when there is none. */
export function trackingUrl(parcel: { carrier: string; tracking_number: string; tracking_url: string }): string {
  if (parcel.tracking_url !== '') return isWebAddress(parcel.tracking_url) ? parcel.tracking_url : '';
  const carrier = parcel.carrier.trim().toLowerCase();
  const page = pages.find(([name]) => carrier === name || carrier.startsWith(`${name} `));
  if (page === undefined || parcel.tracking_number === '') return '';
  return page[1].replace('{}', encodeURIComponent(parcel.tracking_number));
}

const isWebAddress = (address: string): boolean => /^https?:\/\//i.test(address);
