// A client of benchmarks/fanout.py: what the Node samples do, every post at once with Promise.all.
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");

const [endpoint, concurrency, posts, passes] = process.argv.slice(2);
const maxSockets = Number(concurrency);
const client = new ApiGatewayManagementApiClient({
  endpoint,
  // Left out, the SDK makes agents with 50 sockets.
  ...(maxSockets && { requestHandler: { httpAgent: { maxSockets }, httpsAgent: { maxSockets } } }),
});
const Data = "x".repeat(100);
const ids = Array.from({ length: Number(posts) }, (_, i) => `${String(i).padStart(6, "0")}vcvHcCIhw=`);

(async () => {
  const figures = [];
  for (let pass = 0; pass < Number(passes); pass++) {
    const cpu = process.cpuUsage();
    const started = process.hrtime.bigint();
    const answers = await Promise.all(
      ids.map((ConnectionId) => client.send(new PostToConnectionCommand({ ConnectionId, Data }))),
    );
    if (answers.some((answer) => answer.$metadata.httpStatusCode !== 200)) throw new Error("not every post was taken");
    const { user, system } = process.cpuUsage(cpu);
    figures.push({ cpu: (user + system) / 1e6, wall: Number(process.hrtime.bigint() - started) / 1e9 });
  }
  console.log(JSON.stringify(figures));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
