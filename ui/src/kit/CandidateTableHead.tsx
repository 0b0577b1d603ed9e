import { costPartLabel } from '../vocabulary';
import { withUnit } from './costs';

/** The titles of a table of candidate sources; `last` is that of a further column. */
export function CandidateTableHead({ parts, unit, last }: { parts: string[]; unit: string; last?: string }) {
  return (
    <thead>
      <tr>
        <th scope="col">Source</th>
        <th scope="col" className="num">
          On hand
        </th>
        {parts.map((part) => (
          <th key={part} scope="col" className="num part">
            {costPartLabel(part)}
          </th>
        ))}
        <th scope="col" className="num">
          {withUnit('Cost', unit)}
        </th>
        <th scope="col">Outcome</th>
        {last !== undefined && <th scope="col">{last}</th>}
      </tr>
    </thead>
  );
}
