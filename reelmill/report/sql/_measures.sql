  COUNT(*) AS attempts,
  SUM(videos) AS videos,
  SUM(CASE WHEN status IN ('succeeded', 'partial') THEN 1 ELSE 0 END) AS delivered,
  SUM(CASE WHEN status = 'filtered' THEN 1 ELSE 0 END) AS filtered,
  SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
  SUM(CASE WHEN inspection.status = 'fail' THEN 1 ELSE 0 END) AS unfit,
  ROUND(SUM(CASE WHEN status IN ('succeeded', 'partial') THEN 1 ELSE 0 END) / COUNT(*), 4) AS yield,
  SUM(cost_usd) AS paid_usd,
  ROUND(SUM(cost_usd) / NULLIF(SUM(videos), 0), 6) AS usd_per_video
