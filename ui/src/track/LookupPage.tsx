import { useState, type SyntheticEvent } from 'react';
import { lookUp, RequestFailed } from './api';
import { useTranslation, type MessageKey } from './messages';

/** Finds an order by its number and an e-mail address or postal code. */
export function LookupPage() {
  const { text } = useTranslation();
  const [number, setNumber] = useState('');
  const [proof, setProof] = useState('');
  const [problem, setProblem] = useState<MessageKey>();

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setProblem(undefined);
    try {
      const { token } = await lookUp(number, proof);
      if (token) window.location.assign(`/track/${token}`);
      else setProblem('not_found');
    } catch (error) {
      setProblem(error instanceof RequestFailed && error.status === 429 ? 'slow_down' : 'failed');
    }
  };

  return (
    <form className="card" onSubmit={(event) => void submit(event)}>
      <h1>{text('find')}</h1>
      <label>
        {text('number')}
        <input required value={number} onChange={(event) => setNumber(event.target.value)} />
      </label>
      <label>
        {text('proof')}
        <input required value={proof} onChange={(event) => setProof(event.target.value)} />
      </label>
      {problem && (
        <p role="alert" className="problem">
          {text(problem)}
        </p>
      )}
      <button type="submit">{text('next')}</button>
    </form>
  );
}
