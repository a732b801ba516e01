// The samples' way: every id known, one post each, all at once; ids in memory, which spares this peer a database.
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");

const ids = (globalThis.connectionIds ??= new Set());
const client = new ApiGatewayManagementApiClient({
  endpoint: `http://127.0.0.1:${process.env.PEER_PORT}`,
  region: "us-east-1",
  credentials: { accessKeyId: "x", secretAccessKey: "x" },
});

exports.chat = async (event) => {
  const { routeKey, connectionId } = event.requestContext;
  if (routeKey === "$connect") ids.add(connectionId);
  else if (routeKey === "$disconnect") ids.delete(connectionId);
  else {
    const Data = JSON.parse(event.body).data;
    const post = (ConnectionId) => client.send(new PostToConnectionCommand({ ConnectionId, Data }));
    await Promise.all([...ids].map((id) => post(id).catch(() => ids.delete(id))));
  }
  return { statusCode: 200 };
};
