-- Question: What did inspection find wrong with unfit videos?
-- Columns:
--   code: code of the finding
--   findings: how often it was found
--   clips: clips that it was found in
--   example: what was said of one of them
SELECT
  finding.code AS code,
  COUNT(*) AS findings,
  COUNT(DISTINCT r.clip_id) AS clips,
  MIN(finding.message) AS example
FROM {{ table("results") }} AS r
CROSS JOIN {{ unnest("r.inspection.findings", "finding") }}
WHERE r.inspection.status = 'fail'
GROUP BY finding.code
ORDER BY findings DESC, code
