import { useLocation, useSearchParams } from 'react-router';

export interface OpenStock {
  id: number;
  /** Only entries of this source system; '' for all. */
  system: string;
}

/** Which stock key is open lives in the URL, beside filters and the page of the list, which stay as they are. */
export function useStockDrawer(): [OpenStock | undefined, (stock: OpenStock | undefined) => void] {
  const [params, setParams] = useSearchParams();
  const location = useLocation();
  const id = Number(params.get('stock') ?? '');
  const openStock = Number.isInteger(id) && id > 0 ? { id, system: params.get('system') ?? '' } : undefined;
  const setOpenStock = (stock: OpenStock | undefined): void => {
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete('stock');
        next.delete('system');
        if (stock) {
          next.set('stock', String(stock.id));
          if (stock.system) next.set('system', stock.system);
        }
        return next;
      },
      { state: location.state as unknown },
    );
  };
  return [openStock, setOpenStock];
}
