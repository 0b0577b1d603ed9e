import { useLocation, useSearchParams } from 'react-router';

export interface OpenStock {
  id: number;
  /** Limits entries to a source system; empty for all. */
  system: string;
}

/** The open stock record, stored in the URL. */
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
