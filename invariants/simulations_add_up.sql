-- A simulation has done as many runs as it has figures of, baseline and scenario both, and a finished one did them all.
SELECT s.id, s.state, s.runs, s.runs_done, count(r.run) AS figures
FROM simulation.simulation s
LEFT JOIN simulation.simulation_result r ON r.simulation_id = s.id
GROUP BY s.id
HAVING count(r.run) <> 2 * s.runs_done
    OR count(DISTINCT r.run) <> s.runs_done
    OR (s.state = 'finished' AND (s.runs_done < s.runs OR s.summary IS NULL))
