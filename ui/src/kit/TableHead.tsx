/** A table head; titles in arrays are right-aligned. */
export function TableHead({ titles }: { titles: readonly (string | readonly [string])[] }) {
  return (
    <thead>
      <tr>
        {titles.map((title) =>
          typeof title === 'string' ? (
            <th key={title} scope="col">
              {title}
            </th>
          ) : (
            <th key={title[0]} scope="col" className="num">
              {title[0]}
            </th>
          ),
        )}
      </tr>
    </thead>
  );
}
